// Package gen writes the stages and the fluent methods of the library from
// the directives above the constructors of package ops, and the stages of a
// user's own processors from the same directives in the user's package.
//
// A directive stands in the doc comment of a constructor:
//
//	//streamz:stage Map
//	//streamz:example flow.Of(1, 2, 3).Map(strconv.Itoa)
//	//streamz:output [1 2 3]
//	func NewMapper[In, Out any](fn func(In) Out) *Mapper[In, Out]
//
//	//streamz:stage Batch(n int, wait time.Duration) NewBatcher[T](BatchConfig{MaxSize: n, MaxLatency: wait})
//	//streamz:example flow.Range(0, 5).Batch(2, 0)
//	//streamz:output [[0 1] [2 3] [4]]
//	func NewBatcher[T any](cfg BatchConfig, clk ...Clock) *Batcher[T]
//
// The first form takes over the constructor's parameters, without a trailing
// variadic Clock. The second gives the parameters and the expression that
// builds the processor; both may name the common packages of the standard
// library, which the file need not import. A constructor may carry several
// stages. Doc, example and output belong to the stage line above them; each may
// go on in a further line of the same word. A doc is the first paragraph of the
// stage's comment, in place of that of the processor's type.
//
// [Registry] lists what flows can be made of for the test in internal/chaos.
//
// [Generate] works in memory and [Check] holds package ops to its rules;
// [Write] and [Stale] compare with the disk. [GeneratePackage],
// [WritePackage] and [StalePackage] do the same for a user's package. All of
// them report everything that is wrong, each as a [Problem].
//
// The package reads syntax only, so that it works on a tree whose generated
// files are missing.
package gen
