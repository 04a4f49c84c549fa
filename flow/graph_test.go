package flow_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// drawn is a job with a name that no form of drawing takes as it is.
func drawn() flow.Job {
	return flow.Merge(flow.Range(0, 3), flow.Range(3, 6).Named(`"odd" <#1>`)).
		AsyncMap(2, func(_ context.Context, v int) (int, error) { return v, nil }).
		OnError(flow.Retry(2, flow.Backoff{}).Then(flow.Skip())).
		ForEach(func(context.Context, int) error { return nil })
}

func TestPlan_text(t *testing.T) {
	p, err := drawn().Plan(flow.WithName("demo"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(p.String(), "\n")
	for i, l := range lines {
		if before, _, ok := strings.Cut(l, " at "); ok {
			lines[i] = before + l[strings.Index(l, ")"):]
		}
	}
	want := `demo: 4 stages, 6 goroutines
goroutine 0
  range (Range)
  queue of 256 to async-mapper
goroutine 1
  "odd" <#1> (Range)
  queue of 256 to async-mapper
goroutine 2
  async-mapper (AsyncMap), 2 workers, Retry, then Skip
goroutine 3
  for-each (ForEach)
`
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The stages of a goroutine stand in one box, also if those of another come between them.
func TestPlan_oneBoxForAGoroutine(t *testing.T) {
	p, err := flow.Concat(flow.Range(0, 1), flow.Range(0, 1).Async(2), flow.Range(1, 2)).Discard().Plan()
	if err != nil {
		t.Fatal(err)
	}
	for form, head := range map[string]string{p.String(): "goroutine 0\n", p.Mermaid(): "subgraph g0[", p.DOT(): "subgraph cluster_0 "} {
		if n := strings.Count(form, head); n != 1 {
			t.Errorf("%d boxes for goroutine 0, want 1:\n%s", n, form)
		}
	}
}

func TestPlan_Mermaid(t *testing.T) {
	p, _ := drawn().Plan()
	want := `flowchart LR
  subgraph g0["goroutine 0"]
    s0["range<br/>Range"]
  end
  subgraph g1["goroutine 1"]
    s1["#quot;odd#quot; #lt;#35;1#gt;<br/>Range"]
  end
  subgraph g2["goroutine 2"]
    s2["async-mapper<br/>AsyncMap<br/>2 workers<br/>Retry, then Skip"]
  end
  subgraph g3["goroutine 3"]
    s3["for-each<br/>ForEach"]
  end
  s0 ==>|256| s2
  s1 ==>|256| s2
  s2 --> s3
`
	if diff := cmp.Diff(want, p.Mermaid()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlan_DOT(t *testing.T) {
	p, _ := drawn().Plan()
	got := p.DOT()
	for _, want := range []string{
		`s1 [label="\"odd\" <#1>\nRange"]`, `s1 -> s2 [label="256", penwidth=2]`, "s2 -> s3\n", `label="goroutine 3"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Count(got, "{") != strings.Count(got, "}") {
		t.Errorf("braces do not match in\n%s", got)
	}
}

func TestPlan_JSON(t *testing.T) {
	p, _ := drawn().Plan(flow.WithName("demo"))
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back flow.Plan
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlan_ofWhatCannotRun(t *testing.T) {
	_, err := flow.Range(0, 1).Async(0).Discard().Plan()
	if got := len(configErrors(t, err)); got != 1 {
		t.Errorf("%d errors: %v", got, err)
	}
}

func TestSnapshot_drawn(t *testing.T) {
	running := drawn().Start(t.Context(), flow.WithName("demo"))
	if err := running.Wait(); err != nil {
		t.Fatal(err)
	}
	s := running.Snapshot()
	for form, text := range map[string]string{"Mermaid": s.Mermaid(), "DOT": s.DOT()} {
		for _, want := range []string{"in 6, out 6", "0 of 256"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q:\n%s", form, want, text)
			}
		}
	}
	if text, err := json.Marshal(s); err != nil || !strings.Contains(string(text), `"phase":"ended"`) {
		t.Errorf("JSON: %s, %v", text, err)
	}
}
