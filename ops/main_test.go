package ops_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the program that crash tests run: see crash_test.go.
func TestMain(m *testing.M) {
	if name := os.Getenv(crashEnv); name != "" {
		crashPrograms()[name]()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
