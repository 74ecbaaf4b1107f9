/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* OP_MAP: the first entries of any Go map, in the order in which they lie in memory (map-walk.h has the layouts). */
#ifndef SIDESPAN_MAP_STEPS_H
#define SIDESPAN_MAP_STEPS_H

#include "map-walk.h"
#include "output.h"

#define MAP_GROUP_KEYS 8 /* offset of the first key in a bucket or group: behind tophash or control bytes */

/* A field of walk->layout: OP_MAP's imm (event.h). */
static __always_inline __u32 entry_bits(__u64 layout, __u32 shift, __u32 mask)
{
	return (__u32)(layout >> shift) & mask;
}

/* Bit i: slot i of the group with these control or tophash bytes is in use. */
static __always_inline __u32 used_slots(__u64 control, __u32 buckets)
{
	__u32 mask = 0;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 8; i++) {
		__u64 byte = (control >> (8 * i)) & 0xff;
		__u64 used = buckets ? (TOPHASH_MIN - 1 - byte) >> 63 : (byte >> 7) ^ 1;

		mask |= (__u32)used << i;
		asm volatile("" : "+r"(mask));
	}
	return mask;
}

/* Takes up the next group: its used slots become the candidates. Ends the walk where it can't be read. */
static __noinline long next_entries(struct scratch *scratch)
{
	struct map_walk *walk = &scratch->walk;
	__u32 buckets = scratch->state.map_kind == MAP_BUCKETS;
	__u32 size = walk->group_bytes;

	walk->entries = walk->group;
	if (bpf_probe_read_user(&scratch->words[0], 8, (void *)walk->group)) {
		walk->state = WALK_FAULT;
		return 1;
	}
	walk->candidates = used_slots(scratch->words[0], buckets);
	if (buckets) {
		/*
		 * The overflow pointer ends the bucket. An entry in a free slot is made without a look at it, so its page may
		 * never have been written to. Were it swapped out, the entries would be fewer than the map's length says.
		 */
		if (bpf_probe_read_user(&scratch->words[0], 8, (void *)(walk->group + size - 8)))
			scratch->words[0] = 0;
		if (scratch->words[0] != 0) {
			walk->group = scratch->words[0];
			return 0;
		}
		walk->group = walk->last_table += size;
	} else {
		walk->group += size;
	}
	walk->groups--;
	return 0;
}

/* One step: an entry of the group at hand, or else the next group. */
static long entry_step(__u64 index, struct scratch **context)
{
	struct scratch *scratch = *context;
	struct map_walk *walk = &scratch->walk;
	__u64 layout = walk->layout;
	__u32 key_bytes = entry_bits(layout, 0, 0xff), value_bytes = entry_bits(layout, 8, 0xff);
	__u32 key_room = (key_bytes + 7) & ~7u, value_room = (value_bytes + 7) & ~7u;
	__u32 slot, out = scratch->out;

	if (walk->candidates == 0) {
		if (walk->groups == 0) {
			next_table(scratch);
			return walk->state != WALK_GROUPS;
		}
		return next_entries(scratch);
	}
	if (key_room + value_room > room(scratch))
		return 1;
	slot = lowest_bit(walk->candidates);
	walk->candidates &= walk->candidates - 1;
	if (copy_user(scratch, out, key_bytes, walk->entries + MAP_GROUP_KEYS + slot * entry_bits(layout, 16, 0xfff)) ||
	    copy_user(scratch, out + key_room, value_bytes,
		      walk->entries + entry_bits(layout, 28, 0xfff) + slot * entry_bits(layout, 40, 0xfff))) {
		walk->state = WALK_FAULT;
		return 1;
	}
	scratch->out = out + key_room + value_room;
	walk->copied++;
	return walk->copied >= walk->wanted;
}

static __always_inline int step_map(struct scratch *scratch, const struct capture_step *step)
{
	__u64 map = *image_word(scratch, step->b);
	struct chunk_header *chunk = append_chunk(scratch, OP_MAP);
	struct map_walk *walk = &scratch->walk;
	struct plan_level *level = 0;
	__u32 items = scratch->out, body = step->c & 0xffff;

	if (!chunk)
		return STEP_END;
	walk->copied = 0;
	if (map == 0) {
		chunk->status = CHUNK_NIL;
	} else if (scratch->depth >= PLAN_DEPTH) {
		chunk->status = CHUNK_NO_ROOM;
	} else if (begin_walk(scratch, map)) {
		chunk->status = fault_status(map, 32);
	} else {
		chunk->total = scratch->words[0] > 0xffffffff ? 0xffffffff : (__u32)scratch->words[0];
		walk->layout = step->imm;
		walk->group_bytes = step->c >> 16;
		walk->wanted = step->a;
		if (chunk->total > 0)
			bpf_loop(MAX_WALK_STEPS, entry_step, &scratch, 0);
		if (walk->state == WALK_FAULT && walk->copied == 0)
			chunk->status = fault_status(walk->entries, 8);
	}
	chunk->captured = (__u16)walk->copied;
	if (body == 0)
		return STEP_GO_ON;
	if (walk->copied > 0)
		level = push_level(scratch, items);
	if (!level) {
		scratch->pc += body;
		return STEP_GO_ON;
	}
	level->body_pc = scratch->pc;
	level->remaining = walk->copied - 1;
	level->item_bytes = ((entry_bits(step->imm, 0, 0xff) + 7) & ~7u) + ((entry_bits(step->imm, 8, 0xff) + 7) & ~7u);
	return STEP_GO_ON;
}

#endif
