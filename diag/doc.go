// Package diag shows what goes on in a flow, or in processors over channels.
//
//	parse := diag.Inspect(ops.NewTryMapper(strconv.Atoi))
//	err := flow.Lines(r).
//		Then(diag.Log[string](nil, "lines").WithRate(10)).
//		Then(parse).OnError(flow.Skip()).
//		ForEach(store).
//		Run(ctx)
//	fmt.Println(parse) // try-mapper: 1200 processed, 1198 emitted, 1200 calls, 2 errors, latency mean ...
//
// The words used here:
//
//   - An [Inspector] is a processor around another one, which it really calls: it counts
//     items, calls and errors, and takes the time of the calls.
//   - A [Logging] is a processor that passes the items on and writes lines about them.
//   - [Metrics] collect figures by name, those of Inspectors and of whole runs among them, as JSON
//     and in the text format of Prometheus. Package vars, in the folder of this one, publishes
//     them by expvar.
//   - [Logger] writes lines about what happens in a run, and [WithFlightRecorder] a folder with
//     all that is known of one that failed.
//   - [GoroutinesOf] lists the goroutines of a run, by stage.
//   - A [Histogram] counts durations in fixed memory.
//   - [WatchChan] tells how full a channel is.
//
// Metrics, Logger and the flight recorder are options of a run:
//
//	err := job.Run(ctx, flow.WithObserver(metrics), flow.WithObserver(diag.Logger(nil)))
//
// Figures take the time from the clock of the run, so that tests can move it. Nothing is
// written or kept but what is asked for, and no item, since items may be private.
//
// For the books of a run, which count every item of every stage for nothing, take
// flow.WithReport; for a rate in between, a Monitor.
package diag
