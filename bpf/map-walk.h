/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * Finding a key in a Go map[string][]string of the target, by scanning: the hash is seeded and uses AES.
 *
 * Buckets (up to Go 1.23, runtime/map.go): hmap {count 0, flags 8, B 9, noverflow 10, hash0 12, buckets 16,
 * oldbuckets 24}; a bucket is 8 tophash bytes, 8 keys, 8 values, the overflow pointer.
 * Swiss (1.24+, internal/runtime/maps): Map {used 0, seed 8, dirPtr 16, dirLen 24}; dirLen 0: dirPtr is one group;
 * table {used 0, …, groups.data 16, groups.lengthMask 24}; a group is 8 control bytes, then 8 slots of key and value.
 */
#ifndef SIDESPAN_MAP_WALK_H
#define SIDESPAN_MAP_WALK_H

#include "map-key.h"

#define KEY_BYTES 16   /* string header */
#define VALUE_BYTES 24 /* slice header */
#define SAME_SIZE_GROW 8 /* of hmap.flags: as many old buckets as new ones (runtime/map.go, sameSizeGrow) */
#define TOPHASH_MIN 5  /* smaller: the cell is empty or was moved (runtime/map.go, minTopHash) */

enum walk_state { WALK_GROUPS = 0, WALK_DONE = 1, WALK_FAULT = 2 };

/* Takes the next table of the directory, or ends the walk. */
static __always_inline void next_table(struct scratch *scratch)
{
	struct map_walk *walk = &scratch->walk;

	if (scratch->state.map_kind == MAP_BUCKETS) {
		if (walk->tables == 0) {
			walk->state = WALK_DONE;
			return;
		}
		walk->group = walk->directory;
		walk->groups = walk->tables;
		walk->tables = 0;
		walk->last_table = walk->group;
		return;
	}
	if (walk->tables == 0) {
		walk->state = WALK_DONE;
		return;
	}
	__u64 table = 0;
	if (bpf_probe_read_user(&scratch->words[0], 8, (void *)walk->directory)) {
		walk->entries = walk->directory;
		walk->state = WALK_FAULT;
		return;
	}
	table = scratch->words[0];
	walk->directory += 8;
	walk->tables--;
	/* A table whose local depth is less than the directory's stands in it several times in a row. */
	if (table == walk->last_table || table == 0)
		return;
	walk->last_table = table;
	if (bpf_probe_read_user(&scratch->words[0], 16, (void *)(table + 16))) {
		walk->entries = table;
		walk->state = WALK_FAULT;
		return;
	}
	walk->group = scratch->words[0];
	walk->groups = (__u32)scratch->words[1] + 1;
}

/* 1 if equal, without a branch: both are below 2^63. */
static __always_inline __u64 equal(__u64 a, __u64 b)
{
	return ((a ^ b) - 1) >> 63;
}

/* Bit i: slot i may be in use with a key of a length that is looked for. */
static __always_inline __u32 candidates(const struct scratch *scratch, __u32 buckets)
{
	__u64 mask = 0, lengths = scratch->walk.lengths;
	__u32 at = 8 + 8, stride = buckets ? KEY_BYTES : KEY_BYTES + VALUE_BYTES;

	/* Rolled: the code that a request has to fetch costs more than the turns. */
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < 8; i++) {
		MASK(at, 512);
		mask |= (lengths >> (*word_at(&scratch->group[at]) - 1 & 63) & 1) << i;
		at += stride;
	}
	return (__u32)mask;
}

/* Number of the lowest bit set in a byte that is not zero, without a branch. */
static __always_inline __u32 lowest_bit(__u64 byte)
{
	__u64 bit = byte & -byte;

	return (__u32)((equal(bit & 0xaa, 0) ^ 1) | (equal(bit & 0xcc, 0) ^ 1) << 1 | (equal(bit & 0xf0, 0) ^ 1) << 2);
}

/* Whether the key of the slot at hand is the k-th one that is looked for. */
static long match_key(__u64 index, struct scratch **context)
{
	struct scratch *scratch = *context;
	__u32 key_at = scratch->walk.key_at;
	const __u64 *key;

	MASK(key_at, 512);
	key = word_at(&scratch->group[key_at]);
	if (!same_key(scratch, scratch->first_key + (__u32)index, key[1], key[0]))
		return 0;
	scratch->walk.matched = (__u32)index + 1;
	return 1;
}

/* Takes the value of slot i if its key is one that is looked for. A loop of its own, which the verifier walks through once. */
static __always_inline void take_value(struct scratch *scratch, __u32 i, __u32 buckets)
{
	struct map_walk *walk = &scratch->walk;
	struct found_value *found;
	const __u64 *key, *value;
	__u64 offset, word, *known;
	__u32 key_at, value_at, matched;
	__u8 control;

	MASK(i, 8);
	control = scratch->group[i];
	if (buckets ? control < TOPHASH_MIN : (control & 0x80) != 0)
		return;
	key_at = buckets ? 8 + i * KEY_BYTES : 8 + i * (KEY_BYTES + VALUE_BYTES);
	value_at = buckets ? 8 + 8 * KEY_BYTES + i * VALUE_BYTES : key_at + KEY_BYTES;
	MASK(key_at, 512);
	key = word_at(&scratch->group[key_at]);
	offset = key[0] - scratch->state.constants;
	/* The place in the constants, the length, which keys are looked for, and which of them it is, from 1; 0: none. */
	word = offset << 32 | (key[1] & 0xff) << 16 | (scratch->first_key & 0xff) << 8 | (scratch->keys & 15) << 4;
	known = key[1] <= PLAN_STRING_BYTES ? known_key(scratch, offset) : 0;
	if (known && (*known & ~15ull) == word) {
		matched = *known & 15;
	} else {
		walk->key_at = key_at;
		walk->matched = 0;
		bpf_loop(scratch->keys, match_key, &scratch, 0);
		matched = walk->matched;
		if (known)
			*known = word | matched;
	}
	if (matched == 0)
		return;
	matched--;
	MASK(matched, FOUND_VALUES);
	found = &scratch->found[matched];
	if (found->status != CHUNK_ABSENT)
		return;
	MASK(value_at, 512);
	value = word_at(&scratch->group[value_at]);
	found->status = CHUNK_OK;
	found->data = value[0];
	found->length = value[1];
	walk->missing--;
}

/*
 * Of a group that reaches into a page to which the program never wrote: the control bytes and the slots in use. This
 * read can't bring the page in, and of the unused slots nothing is needed. (A bucket's last word is read by each
 * assignment, so its pages are there.)
 */
static __noinline long read_used_slots(struct scratch *scratch, __u64 group)
{
	long failed = bpf_probe_read_user(scratch->group, 8, (void *)group);

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 8; i++) {
		__u32 at = 8 + i * (KEY_BYTES + VALUE_BYTES);

		if (failed)
			break;
		if (scratch->group[i] & 0x80)
			*word_at(&scratch->group[at + 8]) = 0;
		else
			failed = bpf_probe_read_user(&scratch->group[at], KEY_BYTES + VALUE_BYTES, (void *)(group + at));
	}
	return failed;
}

/* One step of the walk: the next group if there is no candidate at hand, then a candidate of it. */
static long walk_step(__u64 index, struct scratch **context)
{
	struct scratch *scratch = *context;
	struct map_walk *walk = &scratch->walk;
	__u32 buckets = scratch->state.map_kind == MAP_BUCKETS;
	__u32 size = buckets ? BUCKET_BYTES : SWISS_GROUP_BYTES, slot;
	__u64 overflow;

	if (walk->candidates == 0) {
		if (walk->groups == 0) {
			next_table(scratch);
			return walk->state != WALK_GROUPS;
		}
		if (bpf_probe_read_user(scratch->group, size, (void *)walk->group) &&
		    (buckets || read_used_slots(scratch, walk->group))) {
			walk->state = WALK_FAULT;
			return 1;
		}
		walk->candidates = candidates(scratch, buckets);
		overflow = *word_at(&scratch->group[BUCKET_BYTES - 8]);
		if (buckets && overflow != 0) {
			walk->group = overflow;
		} else {
			walk->groups--;
			if (buckets)
				walk->group = walk->last_table += BUCKET_BYTES;
			else
				walk->group += SWISS_GROUP_BYTES;
		}
	}
	if (walk->candidates != 0) {
		slot = lowest_bit(walk->candidates);
		walk->candidates &= walk->candidates - 1;
		take_value(scratch, slot, buckets);
		if (walk->missing == 0)
			return 1;
	}
	if (walk->candidates != 0 || walk->groups != 0 || walk->tables != 0)
		return 0;
	walk->state = WALK_DONE;
	return 1;
}

/*
 * Sets the walk to the map's first group, and scratch->words[0] to its number of entries; not 0: it can't be read. Of an
 * empty map only the first half may be in memory: the other may lie on a page that nobody has written to.
 */
static __always_inline long begin_walk(struct scratch *scratch, __u64 map)
{
	struct map_walk *walk = &scratch->walk;

	if (bpf_probe_read_user(scratch->words, 32, (void *)map) &&
	    (bpf_probe_read_user(scratch->words, 16, (void *)map) || scratch->words[0] != 0))
		return -1;
	walk->state = WALK_GROUPS;
	walk->candidates = 0;
	walk->last_table = 0;
	walk->group = scratch->words[2];
	walk->groups = 1;
	walk->tables = 0;
	if (scratch->state.map_kind == MAP_BUCKETS) {
		__u32 bits = (__u32)(scratch->words[1] >> 8) & 15;

		walk->groups = 1u << bits;
		walk->last_table = walk->group;
		walk->directory = scratch->words[3];
		/* While the map grows, half-moved cells stand in the old buckets, half or all as many. */
		if (walk->directory != 0)
			walk->tables = (scratch->words[1] & SAME_SIZE_GROW) || bits == 0 ? 1u << bits : 1u << (bits - 1);
	} else if (scratch->words[3] != 0) {
		walk->groups = 0;
		walk->directory = scratch->words[2];
		walk->tables = (__u32)scratch->words[3];
	}
	return 0;
}

/*
 * Looks the keys up whose string indices and lengths stand in scratch->found, in the map at `map`; then `status` of each
 * is CHUNK_OK, with address and length of its slice of values, or says why not.
 */
static __always_inline void find_headers(struct scratch *scratch, __u64 map)
{
	struct map_walk *walk = &scratch->walk;
	__u32 status = CHUNK_ABSENT;
	long walked;

	if (map == 0)
		return;
	if (begin_walk(scratch, map)) {
		status = CHUNK_FAULT;
		goto out;
	}
	if (scratch->words[0] == 0)
		return;
	walked = bpf_loop(MAX_WALK_STEPS, walk_step, &scratch, 0);
	if (walk->state == WALK_FAULT)
		status = CHUNK_FAULT;
	else if (walked == MAX_WALK_STEPS && walk->state == WALK_GROUPS && walk->missing > 0)
		status = CHUNK_TOO_LARGE;
out:
	if (status == CHUNK_ABSENT)
		return;
#pragma clang loop unroll(disable)
	for (__u32 k = 0; k < MAX_HEADER_KEYS; k++) {
		if (scratch->found[k].status == CHUNK_ABSENT)
			scratch->found[k].status = status;
	}
}

#endif
