package gen_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rooms of the module, and who may import whom: a room may import every
// room of an earlier line, none of its own line, none of a later one. What is
// below a room's folder belongs to the room.
//
// DO NOT CHANGE THIS DATA TO FIX BUILDS. When the test fails, move the code.
const roomOrder = `
	internal/heap internal/linked
	clock internal/callsite internal/goroutines
	internal/kernel
	ops
	stage
	flow
	diag flowtest
	bench examples connect
`

// Tools stand beside the rooms: no room imports them, and they import none.
const toolRooms = `
	internal/gen internal/marble
	cmd
`

// Further rules for code that is not a test, each with its reason:
//
//	rooms !< packages: reason
//
// A package of another module stands for all of the module. The word
// third-party stands for all packages of other modules except those named
// behind it.
const importRules = `
	clock internal/kernel ops stage flow flowtest !< net/http: a program without diag links no server
	clock internal/kernel ops stage flow !< third-party golang.org/x/sync: the dependencies of the core become those of every user
	internal/gen cmd/streamzgen !< third-party: the tool joins the module graph of every user
	clock ops stage flow diag cmd bench examples connect !< github.com/google/go-cmp go.uber.org/goleak: they serve tests
`

// The names of package time that read or wait for the real time. Only clock
// may use them: other code takes its time from a clock.Clock, so that tests
// can move it.
const (
	clockless = "internal/kernel ops stage flow diag"
	realTime  = "Now After NewTimer NewTicker Sleep Tick AfterFunc Since Until"
)

const module = "github.com/go-streamz/streamz"

func TestImports(t *testing.T) {
	for _, file := range moduleFiles(t, moduleRoot(t)) {
		for _, line := range fileViolations(file) {
			t.Error(line)
		}
	}
}

// TestImportRules breaks each rule once: a rule that cannot fail holds nothing.
func TestImportRules(t *testing.T) {
	for _, tt := range []struct{ path, text, want string }{
		{"stage/a.go", `import "github.com/go-streamz/streamz/ops"`, ""},
		{"connect/nats/a.go", `import "github.com/go-streamz/streamz/clock"`, ""},
		{"flow/internal/x/a.go", `import "github.com/go-streamz/streamz/flow"`, ""},
		{"ops/a.go", `import "github.com/go-streamz/streamz/flow"`, "ops/a.go: ops must not import flow, it is above"},
		{"diag/a.go", `import "github.com/go-streamz/streamz/flowtest"`, "diag/a.go: diag must not import flowtest, it is beside"},
		{"flow/a.go", `import "github.com/go-streamz/streamz/internal/gen"`, "flow/a.go: flow must not import the tool internal/gen"},
		{"cmd/streamzgen/a.go", `import "github.com/go-streamz/streamz/internal/gen"`, ""},
		{"internal/gen/a.go", `import "github.com/go-streamz/streamz/ops"`, "internal/gen/a.go: the tool internal/gen must not import ops"},
		{"util/a.go", `import "fmt"`, "util/a.go: no room has this folder"},
		{"ops/a.go", `import "github.com/go-streamz/streamz/util"`, "ops/a.go: imports util, which is no room"},
		{"ops/a.go", `import "net/http"`, "ops/a.go: ops must not import net/http: a program without diag links no server"},
		{"ops/a.go", `import "golang.org/x/sync/errgroup"`, ""},
		{"ops/a.go", `import "golang.org/x/time/rate"`, "ops/a.go: ops must not import golang.org/x/time/rate: the dependencies of the core become those of every user"},
		{"diag/a.go", `import "go.uber.org/goleak"`, "diag/a.go: diag must not import go.uber.org/goleak: they serve tests"},
		{"flowtest/a.go", `import "go.uber.org/goleak"`, ""},
		{"ops/a.go", "import \"time\"\nvar d = time.Second", ""},
		{"clock/a.go", "import \"time\"\nvar d = time.Now()", ""},
		{"ops/a.go", "import \"time\"\nvar d = time.Now()", "ops/a.go:3: time.Now, want the clock"},
		{"flow/a.go", "import t \"time\"\nvar d = t.After", "flow/a.go:3: time.After, want the clock"},
		{"flow/a.go", "import . \"time\"\nvar d = Now()", "flow/a.go:2: dot import of time, want the clock"},
	} {
		got := strings.Join(fileViolations(parseFile(t, tt.path, "package a\n"+tt.text)), "\n")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("violations of %s with %s mismatch (-want +got):\n%s", tt.path, tt.text, diff)
		}
	}
}

// fileViolations applies all rules to one file that is not a test.
func fileViolations(file goFile) []string {
	dir := path.Dir(file.path)
	room := roomOf(dir)
	if room == "" {
		return []string{file.path + ": no room has this folder"}
	}
	var lines []string
	for _, target := range file.imports {
		if why := orderViolation(room, target); why != "" {
			lines = append(lines, file.path+": "+why)
		}
		if why := ruleViolation(dir, target); why != "" {
			lines = append(lines, file.path+": "+why)
		}
	}
	if slices.ContainsFunc(strings.Fields(clockless), func(room string) bool { return within(dir, room) }) {
		lines = append(lines, file.times...)
	}
	return lines
}

func within(dir, room string) bool {
	return dir == room || strings.HasPrefix(dir, room+"/")
}

// roomOf names the room or tool of a folder.
func roomOf(dir string) string {
	for room := range strings.FieldsSeq(roomOrder + toolRooms) {
		if within(dir, room) {
			return room
		}
	}
	return ""
}

// level is the line of a room in the order, negative for tools.
func level(room string) int {
	for i, line := range ruleLines(roomOrder) {
		if slices.Contains(strings.Fields(line), room) {
			return i
		}
	}
	return -1
}

func ruleLines(text string) []string {
	return strings.Split(strings.TrimSpace(text), "\n")
}

func orderViolation(room, target string) string {
	dir, ok := strings.CutPrefix(target, module+"/")
	if !ok {
		return ""
	}
	switch to := roomOf(dir); {
	case to == "":
		return "imports " + dir + ", which is no room"
	case to == room, level(room) < 0 && level(to) < 0:
		return ""
	case level(to) < 0:
		return room + " must not import the tool " + to
	case level(room) < 0:
		return "the tool " + room + " must not import " + to
	case level(to) > level(room):
		return room + " must not import " + to + ", it is above"
	case level(to) == level(room):
		return room + " must not import " + to + ", it is beside"
	}
	return ""
}

func ruleViolation(dir, target string) string {
	for _, line := range ruleLines(importRules) {
		rule, reason, _ := strings.Cut(line, ": ")
		rooms, packages, _ := strings.Cut(rule, "!<")
		for room := range strings.FieldsSeq(rooms) {
			if within(dir, room) && forbids(strings.Fields(packages), target) {
				return room + " must not import " + target + ": " + reason
			}
		}
	}
	return ""
}

func forbids(packages []string, target string) bool {
	if packages[0] != "third-party" {
		return slices.ContainsFunc(packages, func(p string) bool { return within(target, p) })
	}
	first, _, _ := strings.Cut(target, "/")
	if !strings.Contains(first, ".") || within(target, module) {
		return false
	}
	return !slices.ContainsFunc(packages[1:], func(p string) bool { return within(target, p) })
}
