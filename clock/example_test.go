package clock_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
)

func Example() {
	ctx := context.Background()
	c := clock.NewFake()
	done := make(chan error)
	go func() { done <- clock.Sleep(ctx, c, time.Hour) }()

	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
		return
	}
	c.Advance(time.Hour)
	fmt.Println(<-done, c.Now().Format(time.TimeOnly))
	// Output: <nil> 01:00:00
}

// A function that takes a Clock runs the same on both.
func ExampleClock() {
	measure := func(c clock.Clock, work func()) time.Duration {
		start := c.Now()
		work()
		return c.Now().Sub(start)
	}
	fake := clock.NewFake()
	fmt.Println(measure(fake, func() { fake.Advance(time.Minute) }))
	fmt.Println(measure(clock.Real(), func() {}) < time.Minute)
	// Output:
	// 1m0s
	// true
}

func ExampleReal() {
	timer := clock.Real().NewTimer(time.Millisecond)
	<-timer.C()
	fmt.Println("fired, equal clocks:", clock.Real() == clock.Real())
	// Output: fired, equal clocks: true
}

func ExampleSince() {
	c := clock.NewFake()
	start := c.Now()
	c.Advance(time.Minute)
	fmt.Println(clock.Since(c, start))
	// Output: 1m0s
}

func ExampleSleep() {
	errQuit := errors.New("quit")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errQuit)
	fmt.Println(clock.Sleep(ctx, clock.Real(), time.Hour))
	// Output: quit
}

func ExampleWith() {
	ctx := clock.With(context.Background(), clock.NewFake())
	fmt.Println(clock.From(ctx).Now().Year())
	// Output: 2000
}

func ExampleFrom() {
	fmt.Println(clock.From(context.Background()) == clock.Real())
	// Output: true
}

// A tick that was not received in time does not outlive Stop or Reset.
func ExampleTimer() {
	c := clock.NewFake()
	timer := c.NewTimer(time.Second)
	c.Advance(time.Second)
	fmt.Println("replaced a firing:", timer.Reset(time.Minute))
	c.Advance(time.Minute)
	fmt.Println((<-timer.C()).Format(time.TimeOnly))
	// Output:
	// replaced a firing: true
	// 00:01:01
}

// A late receiver loses ticks, but the next one is in phase.
func ExampleTicker() {
	c := clock.NewFake()
	ticker := c.NewTicker(10 * time.Second)
	defer ticker.Stop()

	c.Advance(35 * time.Second)
	fmt.Println((<-ticker.C()).Format(time.TimeOnly))
	c.Advance(5 * time.Second)
	fmt.Println((<-ticker.C()).Format(time.TimeOnly))
	// Output:
	// 00:00:10
	// 00:00:40
}

func ExampleFake() {
	c := clock.NewFake()
	tea, egg := c.NewTimer(3*time.Minute), c.NewTimer(5*time.Minute)
	for range 2 {
		c.Advance(3 * time.Minute)
		select {
		case <-tea.C():
			fmt.Println("tea")
		case <-egg.C():
			fmt.Println("egg")
		}
	}
	// Output:
	// tea
	// egg
}

func ExampleNewFake() {
	fmt.Println(clock.NewFake().Now())
	// Output: 2000-01-01 00:00:00 +0000 UTC
}

func ExampleNewFakeAt() {
	c := clock.NewFakeAt(time.Date(2024, time.February, 28, 23, 59, 0, 0, time.UTC))
	c.Advance(time.Minute)
	fmt.Println(c.Now().Format(time.DateOnly))
	// Output: 2024-02-29
}

// Each tick is settled before the next, so that the receiver loses none.
func ExampleFake_Advance() {
	c := clock.NewFake()
	ticker := c.NewTicker(time.Second)
	defer ticker.Stop()
	for range 3 {
		c.Advance(time.Second)
		fmt.Println((<-ticker.C()).Format(time.TimeOnly))
	}
	// Output:
	// 00:00:01
	// 00:00:02
	// 00:00:03
}

// A chain of waits is advanced one wait at a time.
func ExampleFake_BlockUntil() {
	ctx := context.Background()
	c := clock.NewFake()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, wait := range []time.Duration{time.Second, time.Minute} {
			if clock.Sleep(ctx, c, wait) == nil {
				fmt.Println("woke at", c.Now().Format(time.TimeOnly))
			}
		}
	}()
	for _, wait := range []time.Duration{time.Second, time.Minute} {
		if err := c.BlockUntil(ctx, 1); err != nil {
			fmt.Println(err)
		}
		c.Advance(wait)
	}
	<-done
	// Output:
	// woke at 00:00:01
	// woke at 00:01:01
}

func ExampleFake_Waiters() {
	c := clock.NewFake()
	timer, ticker := c.NewTimer(time.Second), c.NewTicker(time.Second)
	fmt.Println("armed:", c.Waiters())
	c.Advance(time.Second)
	<-timer.C()
	fmt.Println("after the timer has fired:", c.Waiters())
	ticker.Stop()
	fmt.Println("after Stop:", c.Waiters())
	// Output:
	// armed: 2
	// after the timer has fired: 1
	// after Stop: 0
}
