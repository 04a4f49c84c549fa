package ops_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// wordsOf reads a script of bytes: each is an item, a watermark or a flush. Times are up to 63.
func wordsOf(code []byte) string {
	words := make([]string, len(code))
	for i, b := range code {
		switch n := b & 63; {
		case b < 160:
			words[i] = fmt.Sprint(n)
		case b < 250:
			words[i] = fmt.Sprint("w", n)
		default:
			words[i] = "f"
		}
	}
	return strings.Join(words, " ")
}

// FuzzEventGrid compares windows on a grid with what a look at all windows there can be gives.
func FuzzEventGrid(f *testing.F) {
	f.Add(uint8(10), uint8(10), uint8(0), uint8(0), uint8(0), []byte{1, 2, 12, 160 + 42, 3, 13})
	f.Add(uint8(10), uint8(4), uint8(7), uint8(2), uint8(0), []byte{1, 9, 160 + 40, 5, 255, 20, 30, 3})
	f.Add(uint8(3), uint8(5), uint8(60), uint8(0), uint8(1), []byte{60, 1, 200, 2, 30, 240, 1})
	f.Add(uint8(7), uint8(3), uint8(20), uint8(1), uint8(3), []byte{5, 5, 5, 180, 5, 180, 0})
	f.Fuzz(func(t *testing.T, size, slide, lateness, items, windows uint8, code []byte) {
		slides := [...]int{1, 2, 4, 5, 8, 10, 20, 25} // of which the epoch is a multiple
		c := eventConfig{Size: 1 + int(size%30), Slide: slides[slide%8], Lateness: int(lateness % 64), Items: int(items % 8)}
		if windows%8 > 0 {
			c.Windows = (c.Size-1)/c.Slide + int(windows%8)
		}
		if len(code) > 64 {
			t.Skip()
		}
		script := wordsOf(code)
		synctest.Test(t, func(t *testing.T) {
			p := ops.NewEventSlidingWindow(second, time.Duration(c.Size)*time.Second, time.Duration(c.Slide)*time.Second).
				WithLateness(time.Duration(c.Lateness) * time.Second).WithMaxItems(c.Items)
			if c.Windows > 0 {
				p = p.WithMaxWindows(c.Windows)
			}
			got, _ := tell(t, p, script)
			if diff := cmp.Diff(referenceGrid(c, script), got); diff != "" {
				t.Errorf("%+v of %s: mismatch (-want +got):\n%s", c, script, diff)
			}
		})
	})
}

// FuzzEventSessions compares sessions with what comes of looking at all items anew.
func FuzzEventSessions(f *testing.F) {
	f.Add(uint8(10), uint8(1), uint8(0), uint8(0), []byte{1, 19, 10, 160 + 61, 30, 5})
	f.Add(uint8(5), uint8(2), uint8(20), uint8(3), []byte{1, 2, 3, 170, 4, 9, 7, 255, 8, 220, 6})
	f.Add(uint8(3), uint8(3), uint8(9), uint8(0), []byte{10, 14, 12, 160 + 42, 11, 9, 160 + 46, 13})
	f.Fuzz(func(t *testing.T, gap, keys, lateness, items uint8, code []byte) {
		c := eventConfig{Lateness: int(lateness % 64), Items: int(items % 8)}
		every, count := 1+int(gap%20), 1+int(keys%4)
		if len(code) > 64 {
			t.Skip()
		}
		script := wordsOf(code)
		key := func(n int) int { return n % count }
		synctest.Test(t, func(t *testing.T) {
			p := ops.NewEventSessionWindow(key, second, time.Duration(every)*time.Second).
				WithLateness(time.Duration(c.Lateness) * time.Second).WithMaxItems(c.Items)
			got, _ := tell(t, p, script)
			if diff := cmp.Diff(referenceEventSessions(key, every, c, script), got); diff != "" {
				t.Errorf("gap %d, %d keys, %+v of %s: mismatch (-want +got):\n%s", every, count, c, script, diff)
			}
		})
	})
}
