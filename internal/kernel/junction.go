package kernel

// A Junction is a stage at which several sources meet: how it was asked for, and what it is
// called. It runs in the segment that has them as its inputs.
type Junction struct {
	Site     Site
	Name, Op string
}

// stage makes it in seg, in front of down.
func (j Junction) stage(seg *Segment, site Site, calls Calls, to *Stage, q *queue) *Stage {
	seg.run.check(j.Site, j.Name, nil)
	seg.run.fit(site, j.Name, Use{Calls: calls})
	s := seg.run.stage(seg, site, j.Name, j.Op)
	s.calling = calls != CallsNothing
	s.showAll()
	seg.run.edge(s, to, q)
	return s
}
