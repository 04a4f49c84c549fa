package geo

import (
	"context"
	"net/netip"
)

// DB is a table of places.
type DB struct{}

// Event is what happened.
type Event struct{ From netip.Addr }

// Place is where it happened.
type Place struct {
	Event
	City string
}

// Geocoder finds the place of an event.
type Geocoder struct {
	db   *DB
	keep bool
}

// NewGeocoder makes a Geocoder.
//
//streamz:stage Geocode
//streamz:stage GeocodeAll(db *DB, only netip.Prefix) NewGeocoder(db, []netip.Prefix{only}).Keeping(true)
//streamz:doc GeocodeAll finds the place of an event,
//streamz:doc and keeps it if there is none.
func NewGeocoder(db *DB, only []netip.Prefix) *Geocoder { return &Geocoder{db: db} }

// Keeping gives a copy that keeps events without a place.
func (g *Geocoder) Keeping(keep bool) *Geocoder { return &Geocoder{g.db, keep} }

// Process runs the Geocoder over channels.
func (g *Geocoder) Process(ctx context.Context, in <-chan Event) <-chan Place { return nil }

// Name is "geocoder".
func (g *Geocoder) Name() string { return "geocoder" }
