package kernel

// A Junction is a stage at which several sources meet: how it was asked for, and what it is
// called. It runs in the segment that has them as its inputs.
type Junction struct {
	Site     Site
	Name, Op string
}

// stage makes it in seg, in front of down. uses are what it does with the items of its inputs.
func (j Junction) stage(seg *Segment, site Site, to *Stage, q *queue, uses ...Use) *Stage {
	seg.run.check(j.Site.Plain(), j.Name, nil)
	seg.run.fit(site, j.Name, uses...)
	s := seg.run.stage(seg, site, j.Name, j.Op)
	s.calling = uses[0].Calls != CallsNothing
	s.showAll()
	seg.run.edge(s, to, q)
	return s
}
