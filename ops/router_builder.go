package ops

// RouterBuilder builds a [Router] route by route. It is immutable, as a processor is.
//
//	NewRouterBuilder[Event]().
//		Route("errors").When(Event.IsError).To(alert).
//		Route("rest").When(always).To(store).
//		Build()
type RouterBuilder[T any] struct{ r *Router[T] }

// RouteBuilder is a route of a [RouterBuilder] that has no processor yet.
type RouteBuilder[T any] struct {
	r    RouterBuilder[T]
	part route[T]
}

// NewRouterBuilder begins a Router, see [NewRouter].
func NewRouterBuilder[T any]() RouterBuilder[T] { return RouterBuilder[T]{NewRouter[T]()} }

// Route begins a route of this name.
func (b RouterBuilder[T]) Route(name string) RouteBuilder[T] {
	return RouteBuilder[T]{b, route[T]{name: name}}
}

// When says which items take the route.
func (b RouteBuilder[T]) When(matches func(T) bool) RouteBuilder[T] {
	b.part.matches = matches
	return b
}

// To completes the route: its items go to p. Without When it is a misuse, which the Router
// keeps.
func (b RouteBuilder[T]) To(p Processor[T, T]) RouterBuilder[T] {
	return RouterBuilder[T]{b.r.router().AddRoute(b.part.name, b.part.matches, p)}
}

// Default says where items go that no route matches, see [Router.WithDefault].
func (b RouterBuilder[T]) Default(p Processor[T, T]) RouterBuilder[T] {
	return RouterBuilder[T]{b.router().WithDefault(p)}
}

// Build gives the Router.
func (b RouterBuilder[T]) Build() *Router[T] { return b.router() }

// router is that of the builder. The zero one begins as [NewRouterBuilder] does.
func (b RouterBuilder[T]) router() *Router[T] {
	if b.r == nil {
		return NewRouter[T]()
	}
	return b.r
}
