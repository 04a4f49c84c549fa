#include "textflag.h"

// func callers(pcs *[6]uintptr)
//
// BP points to the frame record of the caller: the BP saved on entry, and above it the
// return address. The saved BP points to the next record; 0 ends the chain.
TEXT ·callers(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ pcs+0(FP), DI
	MOVQ 0(SP), AX
	MOVQ AX, 0(DI)
	MOVQ BP, BX
	TESTQ BX, BX
	JZ   done
	MOVQ 8(BX), AX
	MOVQ AX, 8(DI)
	MOVQ 0(BX), BX
	TESTQ BX, BX
	JZ   done
	MOVQ 8(BX), AX
	MOVQ AX, 16(DI)
	MOVQ 0(BX), BX
	TESTQ BX, BX
	JZ   done
	MOVQ 8(BX), AX
	MOVQ AX, 24(DI)
	MOVQ 0(BX), BX
	TESTQ BX, BX
	JZ   done
	MOVQ 8(BX), AX
	MOVQ AX, 32(DI)
	MOVQ 0(BX), BX
	TESTQ BX, BX
	JZ   done
	MOVQ 8(BX), AX
	MOVQ AX, 40(DI)

done:
	RET
