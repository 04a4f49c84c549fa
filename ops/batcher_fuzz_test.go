package ops_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// FuzzBatcher reads a script of bytes: each is a gap in milliseconds and the number of
// items after it.
func FuzzBatcher(f *testing.F) {
	f.Add(uint8(3), uint8(0), []byte{0x0a})
	f.Add(uint8(2), uint8(10), []byte{0x01, 0xa1, 0x52, 0xf0})
	f.Add(uint8(0), uint8(5), []byte{0x07, 0x51, 0x51, 0x00, 0xf0})
	f.Add(uint8(1), uint8(1), []byte{0x11, 0x11, 0x11})
	f.Fuzz(func(t *testing.T, size, latency uint8, code []byte) {
		config := within(int(size%16), time.Duration(latency%32)*ms)
		if config.MaxSize == 0 && config.MaxLatency == 0 || len(code) > 64 {
			t.Skip()
		}
		in := decode(code)
		synctest.Test(t, func(t *testing.T) {
			checkScript(t, referenceBatch(config, in), in, batching(config))
		})
	})
}

func decode(code []byte) script[int] {
	in := script[int]{{}}
	n := 0
	for _, b := range code {
		step := step[int]{After: time.Duration(b>>4) * ms}
		for range b & 15 {
			n++
			step.Items = append(step.Items, n)
		}
		in = append(in, step)
	}
	return in
}
