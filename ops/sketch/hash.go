package sketch

import "hash/maphash"

// seed is one for the whole process, so that its summaries can be merged.
var seed = maphash.MakeSeed()

// hash makes 64 bits of a key, each of which may be taken for random.
func hash[K comparable](key K) uint64 { return mix(maphash.Comparable(seed, key)) }

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014). It is a bijection whose every output bit depends on every input bit.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
