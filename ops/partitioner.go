package ops

import (
	"encoding/binary"
	"math"
	"reflect"
	"sync/atomic"
)

// Partitioner gives the number of the partition for a key, from 0 to numPartitions - 1. It is
// called by one goroutine in each run, and must not block.
type Partitioner func(key string, numPartitions int) int

// DefaultPartitioner is how a [Partition] places keys by itself: by their 32-bit FNV-1a hash.
func DefaultPartitioner(key string, numPartitions int) int {
	return int(hashText(key) % uint32(numPartitions))
}

// RoundRobin makes a Partitioner that takes one partition after the other, whatever the key.
// Runs that share it take turns with one another.
func RoundRobin() Partitioner {
	var next atomic.Uint64
	return func(_ string, numPartitions int) int {
		return int((next.Add(1) - 1) % uint64(numPartitions))
	}
}

// fnv is a 32-bit FNV-1a hash.
type fnv uint32

const (
	fnvStart fnv = 2166136261
	fnvPrime fnv = 16777619
)

func hashText(s string) uint32 { return uint32(fnvStart.text(s)) }

func (h fnv) text(s string) fnv {
	for i := range len(s) {
		h = (h ^ fnv(s[i])) * fnvPrime
	}
	return h
}

func (h fnv) word(n uint64) fnv {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	for _, c := range b {
		h = (h ^ fnv(c)) * fnvPrime
	}
	return h
}

// hasher gives a hash that is the same for equal keys, by their parts and not by where they
// lie. It is for one goroutine: it keeps the key, so that none is allocated.
func hasher[K comparable]() func(K) uint32 {
	key := new(K)
	v := reflect.ValueOf(key).Elem()
	return func(k K) uint32 {
		*key = k
		return uint32(fnvStart.value(v))
	}
}

// value adds a value that can be compared.
func (h fnv) value(v reflect.Value) fnv {
	switch k := v.Kind(); {
	case k == reflect.String:
		return h.text(v.String())
	case k == reflect.Bool:
		if v.Bool() {
			return h.word(1)
		}
		return h.word(0)
	case v.CanInt():
		return h.word(uint64(v.Int()))
	case v.CanUint():
		return h.word(v.Uint())
	case v.CanFloat():
		return h.float(v.Float())
	case v.CanComplex():
		return h.float(real(v.Complex())).float(imag(v.Complex()))
	}
	return h.parts(v)
}

// float adds a number: 0 and -0 are equal.
func (h fnv) float(f float64) fnv { return h.word(math.Float64bits(f + 0)) }

// parts adds a value that is made of others, or a pointer or a channel.
func (h fnv) parts(v reflect.Value) fnv {
	switch v.Kind() {
	case reflect.Array:
		for i := range v.Len() {
			h = h.value(v.Index(i))
		}
		return h
	case reflect.Struct:
		n := v.NumField()
		for i := range n { // Fields would allocate
			h = h.value(v.Field(i))
		}
		return h
	case reflect.Interface:
		if v.IsNil() {
			return h.word(0)
		}
		return h.text(v.Elem().Type().String()).value(v.Elem())
	}
	return h.word(uint64(v.Pointer()))
}
