package gen

import "strings"

// readMethod decides whether the stage can be a method of Flow: its input
// must be a type parameter that takes any type.
func (b *builder) readMethod(st *stage) {
	if b.qualifier == "" {
		return
	}
	exception, listed := b.exceptions[st.processor]
	switch possible := isAnyParam(st.In, st.TypeParams); {
	case listed && !exception.Stage:
		b.addf(st.line.pos, "%s is an exception without a stage: use %s", st.processor, exception.Replacement)
	case !possible && !listed:
		b.addf(st.line.pos, "stage %s cannot be a method: its input %s is not a type parameter of constraint any; list %s among the exceptions", st.Name, st.In, st.processor)
	case possible:
		st.Receiver = st.freeName("f", "flow")
	}
}

func isAnyParam(typ string, params []field) bool {
	for _, f := range params {
		if f.Name == typ {
			return f.Type == "any" || strings.ReplaceAll(f.Type, " ", "") == "interface{}"
		}
	}
	return false
}
