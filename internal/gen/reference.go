package gen

// reference are the processors of the library whose names ours follow, by the type that
// has each one's name here.
var reference = []string{
	"Mapper", "AsyncMapper", "Unbatcher", "Flatten", "Filter", "Take", "Skip", "Sample", "Dedupe", "Debounce",
	"Throttle", "Batcher", "Chunk", "TumblingWindow", "SlidingWindow", "SessionWindow", "Aggregate", "Buffer",
	"DroppingBuffer", "SlidingBuffer", "FanOut", "FanIn", "Partition", "Split", "Router", "Switch", "Retry",
	"CircuitBreaker", "DLQ", "DeadLetterQueue", "Tap", "Monitor",
}
