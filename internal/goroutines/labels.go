package goroutines

import (
	"fmt"
	"strconv"
	"strings"
)

// parseLabels reads {key:value, key:value} as profiles and dumps have it. A profile quotes
// every word, a dump only those that need it and writes a blank behind the colon.
func parseLabels(text string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(text, "{")
	labels := make(map[string]string)
	for more := ok; more && ok; {
		var key, value string
		if key, rest, ok = word(rest); !ok {
			break
		}
		if rest, ok = strings.CutPrefix(rest, ":"); !ok {
			break
		}
		if value, rest, ok = word(strings.TrimPrefix(rest, " ")); !ok {
			break
		}
		labels[key] = value
		rest, more = strings.CutPrefix(rest, ", ")
	}
	if !ok || rest != "}" {
		return nil, fmt.Errorf("goroutines: no labels: %q", text)
	}
	return labels, nil
}

// word takes a word off the front of text. One that is not quoted may be empty, and ends
// before whatever would have made it need quotes.
func word(text string) (w, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexFunc(text, needsQuotes)
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], true
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", false
	}
	w, err = strconv.Unquote(quoted)
	return w, text[len(quoted):], err == nil
}

// needsQuotes is the rule of the runtime.
func needsQuotes(r rune) bool {
	plain := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r == '.' || r == '/' || r == '_'
	return !plain
}
