package graphs

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/flow"
)

// sources give their parameter in items.
func sources() []*kind {
	of := func(name string, traits trait, build func(m made[flows]) flows) *kind {
		return &kind{
			name: name, n: span{0, 700}, traits: gives | traits,
			build: build,
			model: func(m made[order]) order { return line(m.all()...) },
		}
	}
	plain := func(name string, build func(m made[flows]) flows) *kind {
		return of(name, 0, func(m made[flows]) flows {
			if m.signals != nil {
				return m.signals.source(m.name, m.all())
			}
			return build(m)
		})
	}
	return []*kind{
		plain("FromSlice", func(m made[flows]) flows { return flow.FromSlice(m.all()) }),
		plain("FromSeq", func(m made[flows]) flows { return flow.FromSeq(slices.Values(m.all())) }),
		plain("FromFunc", func(m made[flows]) flows {
			return flow.FromFunc(func(ctx context.Context, emit func(item) error) error {
				for _, x := range m.all() {
					m.pause(ctx, x)
					if err := emit(x); err != nil {
						return err
					}
				}
				return nil
			})
		}),
		of("Endless", mayEnd, func(m made[flows]) flows {
			return endless(m.name).Take(m.n)
		}),
		of("Idle", mayEnd, func(m made[flows]) flows {
			return flow.FromFunc(func(ctx context.Context, emit func(item) error) error {
				for _, x := range m.all() {
					if err := emit(x); err != nil {
						return err
					}
				}
				<-ctx.Done()
				return ctx.Err()
			}).Take(m.n)
		}),
	}
}

// all are the items of a source.
func (m made[F]) all() []item {
	all := make([]item, m.n)
	for i := range all {
		all[i] = given(m.name, i)
	}
	return all
}

func endless(name string) flows {
	return flow.Unfold(0, func(i int) (item, int, bool) { return given(name, i), i + 1, true })
}
