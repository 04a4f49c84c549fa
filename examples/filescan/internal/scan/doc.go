// Package scan is the work that the programs of filescan have in common: which files to
// read, lines, records, what is found in a batch of records, and the results. Nothing in
// it starts a goroutine or knows a channel, and each program puts it together in its own
// way.
//
// In order: [Walk] gives each [File], [Reader.Lines] its lines, [Parse] makes a [Record]
// of a [Line], [Process] finds what is in a batch of records, and a [Fold] adds up the
// results and writes them to an [Output].
//
// A file counts as a whole or not at all: what was found in a file whose end is never
// seen, because it could not be read or because the program was stopped, is forgotten.
package scan
