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

#include "maps.h"

#define KEY_BYTES 16   /* string header */
#define VALUE_BYTES 24 /* slice header */
#define TOPHASH_MIN 5  /* smaller: the cell is empty or was moved (runtime/map.go, minTopHash) */

enum walk_state { WALK_GROUPS = 0, WALK_FOUND = 1, WALK_DONE = 2, WALK_FAULT = 3 };

struct walk_context {
	struct scratch *scratch;
	const struct plan_string *wanted;
	__u32 map_kind;
};

static __always_inline int same_key(struct scratch *scratch, const struct plan_string *wanted, __u64 address)
{
	const __u64 *want = (const __u64 *)wanted->bytes;
	__u64 *text = (__u64 *)scratch->text;
	__u32 length = wanted->size_bytes;
	__u64 different = 0;

	if (length == 0 || length > PLAN_STRING_BYTES)
		return 0;
	__builtin_memset(text, 0, PLAN_STRING_BYTES);
	if (bpf_probe_read_user(text, length, (void *)address))
		return 0;
	/* By words and without a branch: the verifier walks each path through each of the eight slots. */
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < PLAN_STRING_BYTES / 8; i++)
		different |= text[i] ^ want[i];
	return different == 0;
}

/* Takes the next table of the directory, or ends the walk. */
static __always_inline void next_table(struct scratch *scratch, __u32 map_kind)
{
	struct map_walk *walk = &scratch->walk;

	if (map_kind == MAP_BUCKETS) {
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
		walk->state = WALK_FAULT;
		return;
	}
	walk->group = scratch->words[0];
	walk->groups = (__u32)scratch->words[1] + 1;
}

static long walk_group(__u64 index, struct walk_context *context)
{
	struct scratch *scratch = context->scratch;
	struct map_walk *walk = &scratch->walk;
	__u32 buckets = context->map_kind == MAP_BUCKETS;
	__u32 size = buckets ? BUCKET_BYTES : SWISS_GROUP_BYTES;

	if (walk->groups == 0) {
		next_table(scratch, context->map_kind);
		return walk->state != WALK_GROUPS;
	}
	if (bpf_probe_read_user(scratch->group, size, (void *)walk->group)) {
		walk->state = WALK_FAULT;
		return 1;
	}
	for (__u32 i = 0; i < 8; i++) {
		__u8 control = scratch->group[i];
		__u32 key_at = buckets ? 8 + i * KEY_BYTES : 8 + i * (KEY_BYTES + VALUE_BYTES);
		__u32 value_at = buckets ? 8 + 8 * KEY_BYTES + i * VALUE_BYTES : key_at + KEY_BYTES;

		if (buckets ? control < TOPHASH_MIN : (control & 0x80) != 0)
			continue;
		if (*(__u64 *)&scratch->group[key_at + 8] != walk->wanted)
			continue;
		if (!same_key(scratch, context->wanted, *(__u64 *)&scratch->group[key_at]))
			continue;
		walk->value_data = *(__u64 *)&scratch->group[value_at];
		walk->value_length = *(__u64 *)&scratch->group[value_at + 8];
		walk->state = WALK_FOUND;
		return 1;
	}
	__u64 overflow = *(__u64 *)&scratch->group[BUCKET_BYTES - 8];
	if (buckets && overflow != 0) {
		walk->group = overflow;
		return 0;
	}
	walk->groups--;
	if (buckets) {
		walk->last_table += BUCKET_BYTES;
		walk->group = walk->last_table;
	} else {
		walk->group += SWISS_GROUP_BYTES;
	}
	return 0;
}

/*
 * Looks up `string_index` in the map at `map`. Returns CHUNK_OK with the first value's string header in
 * words[0] (address) and words[1] (length), or why not.
 */
static __noinline __u32 find_header(struct scratch *scratch, __u64 map, __u32 string_index, __u32 map_kind)
{
	struct walk_context context = {.scratch = scratch, .map_kind = map_kind};
	struct map_walk *walk = &scratch->walk;
	long walked;

	if (map == 0)
		return CHUNK_ABSENT;
	context.wanted = bpf_map_lookup_elem(&plan_strings, &string_index);
	if (!context.wanted)
		return CHUNK_ABSENT;
	if (bpf_probe_read_user(scratch->words, 32, (void *)map))
		return CHUNK_FAULT;
	if (scratch->words[0] == 0)
		return CHUNK_ABSENT;

	walk->wanted = context.wanted->size_bytes;
	walk->state = WALK_GROUPS;
	walk->last_table = 0;
	walk->group = scratch->words[2];
	walk->groups = 1;
	walk->tables = 0;
	if (map_kind == MAP_BUCKETS) {
		__u32 bits = (__u32)(scratch->words[1] >> 8) & 15;

		walk->groups = 1u << bits;
		walk->last_table = walk->group;
		walk->directory = scratch->words[3];
		/* While the map grows, half-moved cells stand in the old buckets, half or all as many. */
		if (walk->directory != 0)
			walk->tables = bits > 0 ? 1u << (bits - 1) : 1;
	} else if (scratch->words[3] != 0) {
		walk->groups = 0;
		walk->directory = scratch->words[2];
		walk->tables = (__u32)scratch->words[3];
	}
	walked = bpf_loop(MAX_MAP_GROUPS, walk_group, &context, 0);
	if (walk->state == WALK_FAULT)
		return CHUNK_FAULT;
	if (walk->state != WALK_FOUND)
		return walked == MAX_MAP_GROUPS && walk->state == WALK_GROUPS && (walk->groups || walk->tables)
			       ? CHUNK_TOO_LARGE
			       : CHUNK_ABSENT;
	if (walk->value_length == 0)
		return CHUNK_ABSENT;
	if (bpf_probe_read_user(scratch->words, 16, (void *)walk->value_data))
		return CHUNK_FAULT;
	return CHUNK_OK;
}

#endif
