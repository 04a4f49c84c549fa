package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// graph is what a plan and a snapshot are drawn from.
type graph struct {
	nodes []node
	edges []link
}

type node struct {
	name    string
	lines   []string // of its text
	segment int      // goroutine, -1 if that is not known
}

type link struct {
	from, to string
	text     string // "" for stages that are fused
}

// String writes the plan as text: the goroutines with their stages, and what leads from one
// goroutine to another.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d stage%s, %d goroutine%s\n", p.Name,
		len(p.Stages), plural(int64(len(p.Stages))), p.Segments, plural(int64(p.Segments)))
	stages := p.bySegment()
	for i, s := range stages {
		if i == 0 || stages[i-1].Segment != s.Segment {
			fmt.Fprintf(&b, "goroutine %d\n", s.Segment)
		}
		fmt.Fprintf(&b, "  %s\n", strings.Join(slices.Concat([]string{s.StageRef.String()}, s.extras()), ", "))
		for _, e := range p.Edges {
			if e.From == s.Name && e.Capacity > 0 {
				fmt.Fprintf(&b, "  queue of %d to %s\n", e.Capacity, e.To)
			}
		}
	}
	return b.String()
}

// bySegment gives the stages of each goroutine one after the other. In a Concat others stand
// between them.
func (p Plan) bySegment() []PlanStage {
	return slices.SortedStableFunc(slices.Values(p.Stages), func(a, b PlanStage) int { return a.Segment - b.Segment })
}

// extras are what a stage has beside a name.
func (s PlanStage) extras() []string {
	var extras []string
	switch workers := fmt.Sprintf("%d worker%s", s.Workers, plural(int64(s.Workers))); {
	case s.LeastWorkers > 0:
		extras = append(extras, fmt.Sprintf("%d to %s", s.LeastWorkers, workers))
	case s.Workers > 0:
		extras = append(extras, workers)
	}
	if s.Policy != "" {
		extras = append(extras, s.Policy)
	}
	return extras
}

// Mermaid draws the plan for Mermaid, as in a README: a box for each goroutine.
func (p Plan) Mermaid() string { return p.graph().mermaid() }

// DOT draws the plan for Graphviz: a box for each goroutine.
func (p Plan) DOT() string { return p.graph().dot() }

func (p Plan) graph() graph {
	var g graph
	for _, s := range p.bySegment() {
		g.nodes = append(g.nodes, node{s.Name, slices.Concat([]string{s.Name, s.Op}, s.extras()), s.Segment})
	}
	for _, e := range p.Edges {
		l := link{from: e.From, to: e.To}
		if e.Capacity > 0 {
			l.text = strconv.FormatInt(e.Capacity, 10)
		}
		g.edges = append(g.edges, l)
	}
	return g
}

// Mermaid draws the snapshot for Mermaid: the stages with what they took and gave, and how
// full the queues are.
func (s Snapshot) Mermaid() string { return s.graph().mermaid() }

// DOT draws the snapshot for Graphviz.
func (s Snapshot) DOT() string { return s.graph().dot() }

func (s Snapshot) graph() graph {
	var g graph
	for _, st := range s.Stages {
		n := node{name: st.Name, lines: []string{st.Name, fmt.Sprintf("in %d, out %d", st.In, st.Out)}, segment: -1}
		if lost := st.Failed + st.Dropped + st.DeadLettered; lost > 0 {
			n.lines = append(n.lines, fmt.Sprintf("failed or dropped %d", lost))
		}
		for _, scale := range s.Scales {
			if scale.Stage == st.Name {
				n.lines = append(n.lines, fmt.Sprintf("%d of %d to %d workers", scale.Workers, scale.Least, scale.Most))
			}
		}
		for _, seg := range s.Segments {
			if seg.Stage == st.Name || seg.Stage == "" && seg.Name == st.Name {
				n.lines = append(n.lines, seg.State)
				break
			}
		}
		g.nodes = append(g.nodes, n)
	}
	for _, e := range s.Edges {
		l := link{from: e.From, to: e.To}
		if e.Capacity > 0 {
			l.text = fmt.Sprintf("%d of %d", e.Queued, e.Capacity)
		}
		g.edges = append(g.edges, l)
	}
	return g
}

// ids numbers the nodes, since names may hold what neither form takes.
func (g graph) ids() map[string]string {
	ids := make(map[string]string, len(g.nodes))
	for i, n := range g.nodes {
		ids[n.name] = "s" + strconv.Itoa(i)
	}
	return ids
}

// boxes calls box around the nodes of each goroutine. Those that share one stand together.
func (g graph) boxes(b *strings.Builder, begin func(segment int) string, one func(node) string, end string) {
	for i, n := range g.nodes {
		first := i == 0 || g.nodes[i-1].segment != n.segment
		last := i == len(g.nodes)-1 || g.nodes[i+1].segment != n.segment
		if first && n.segment >= 0 {
			b.WriteString(begin(n.segment))
		}
		b.WriteString(one(n))
		if last && n.segment >= 0 {
			b.WriteString(end)
		}
	}
}

func (g graph) mermaid() string {
	ids := g.ids()
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	g.boxes(&b,
		func(segment int) string { return fmt.Sprintf("  subgraph g%d[\"goroutine %d\"]\n", segment, segment) },
		func(n node) string {
			return fmt.Sprintf("    %s[\"%s\"]\n", ids[n.name], strings.Join(each(n.lines, mermaidText), "<br/>"))
		},
		"  end\n")
	for _, e := range g.edges {
		if e.text == "" {
			fmt.Fprintf(&b, "  %s --> %s\n", ids[e.from], ids[e.to])
		} else {
			fmt.Fprintf(&b, "  %s ==>|%s| %s\n", ids[e.from], mermaidText(e.text), ids[e.to])
		}
	}
	return b.String()
}

// mermaidText writes what Mermaid would take for its own as entities.
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(s)
}

func (g graph) dot() string {
	ids := g.ids()
	var b strings.Builder
	b.WriteString("digraph flow {\n  rankdir=LR\n  node [shape=box]\n")
	g.boxes(&b,
		func(segment int) string {
			return fmt.Sprintf("  subgraph cluster_%d {\n    label=\"goroutine %d\"\n", segment, segment)
		},
		func(n node) string {
			return fmt.Sprintf("    %s [label=\"%s\"]\n", ids[n.name], strings.Join(each(n.lines, dotText), `\n`))
		},
		"  }\n")
	for _, e := range g.edges {
		attr := ""
		if e.text != "" {
			attr = fmt.Sprintf(" [label=\"%s\", penwidth=2]", dotText(e.text))
		}
		fmt.Fprintf(&b, "  %s -> %s%s\n", ids[e.from], ids[e.to], attr)
	}
	b.WriteString("}\n")
	return b.String()
}

func dotText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s)
}

func each(texts []string, fn func(string) string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = fn(t)
	}
	return out
}
