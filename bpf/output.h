/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * What a capture writes: chunks, and the images that ops work on. All changing state lies in the scratch buffer, a map
 * value, so that the verifier follows one path through an op whatever came before it.
 */
#ifndef SIDESPAN_OUTPUT_H
#define SIDESPAN_OUTPUT_H

#include "fault.h"
#include "maps.h"

struct plan_context {
	struct pt_regs *ctx;
	struct scratch *scratch;
	__u64 load_bias;
	__u32 process_slot;
	__u32 pad;
};

enum step_result { STEP_GO_ON = 0, STEP_END = 1 };

/* Appends a chunk header; 0 when there is no room for one. */
static __always_inline struct chunk_header *append_chunk(struct scratch *scratch, __u8 op)
{
	__u32 out = scratch->out;

	if (out + sizeof(struct chunk_header) > settings.capture_limit)
		return 0;
	MASK(out, CAPTURE_BYTES);
	struct chunk_header *chunk = (struct chunk_header *)&scratch->data[out];
	chunk->status = CHUNK_OK;
	chunk->op = op;
	chunk->captured = 0;
	chunk->total = 0;
	scratch->out = out + sizeof(struct chunk_header);
	return chunk;
}

static __always_inline __u32 room(const struct scratch *scratch)
{
	return scratch->out < settings.capture_limit ? settings.capture_limit - scratch->out : 0;
}

/*
 * Copies user memory to offset `at` of the output. Both bounds are put on the very registers of the call: kernels up to
 * 6.12 forget the range of a value that the compiler spilled before it was checked. Returns 0 if it worked.
 */
static __always_inline long copy_user(struct scratch *scratch, __u32 at, __u32 size, __u64 address)
{
	if (size >= CAPTURE_BYTES)
		return -1;
	MASK(at, CAPTURE_BYTES);
	MASK(size, CAPTURE_BYTES);
	return bpf_probe_read_user(&scratch->data[at], size, (void *)address);
}

/* Copies user memory to the end of the output; the caller has checked that there is room. Returns 0 if it worked. */
static __always_inline long append_user(struct scratch *scratch, __u32 size, __u64 address)
{
	__u32 out = scratch->out;
	long failed = copy_user(scratch, out, size, address);

	if (!failed)
		scratch->out = out + ((size + 7) & ~7u);
	return failed;
}

/* Whether it lies in what the program never writes: the reader has that in the program's file. */
static __always_inline int is_constant(const struct scratch *scratch, __u64 address)
{
	return address - scratch->state.constants < scratch->state.constants_bytes;
}

static __always_inline __u64 *image_word(struct scratch *scratch, __u32 at)
{
	__u32 offset = scratch->image + at;

	MASK(offset, 2 * CAPTURE_BYTES);
	return (__u64 *)&scratch->data[offset];
}

static __always_inline struct plan_level *push_level(struct scratch *scratch, __u32 image)
{
	__u32 depth = scratch->depth;

	if (depth >= PLAN_DEPTH)
		return 0;
	MASK(depth, PLAN_DEPTH);
	struct plan_level *level = &scratch->level[depth];
	level->image = scratch->image;
	level->return_pc = 0;
	level->remaining = 0;
	scratch->depth = depth + 1;
	scratch->image = image;
	return level;
}

/* Leaves the innermost level; 0 at the outermost. */
static __always_inline struct plan_level *pop_level(struct scratch *scratch)
{
	__u32 depth = scratch->depth;

	if (depth == 0 || depth > PLAN_DEPTH)
		return 0;
	depth--;
	MASK(depth, PLAN_DEPTH);
	scratch->depth = depth;
	struct plan_level *level = &scratch->level[depth];
	scratch->image = level->image;
	return level;
}

static const volatile __u8 zeros[512] = {};

/* Words of an image that are cleared one by one, which is quicker than a copy. */
#define ZEROED_WORDS 16

/* A chunk of `size` zero bytes, the new image. */
static __always_inline int begin_image(struct scratch *scratch, __u32 size)
{
	struct chunk_header *chunk;
	__u32 out;

	if (room(scratch) < 8 + size || size > sizeof(zeros))
		return STEP_END;
	chunk = append_chunk(scratch, OP_IMAGE);
	if (!chunk)
		return STEP_END;
	chunk->captured = size;
	out = scratch->out;
	scratch->image_chunk = out - sizeof(struct chunk_header);
	scratch->image = out;
	MASK(out, CAPTURE_BYTES);
	if (size > ZEROED_WORDS * 8) {
		MASK(size, 2 * sizeof(zeros)); /* as in copy_user */
		if (bpf_probe_read_kernel(&scratch->data[out], size, (void *)zeros))
			return STEP_END;
	} else {
#pragma clang loop unroll(full)
		for (__u32 i = 0; i < ZEROED_WORDS; i++)
			*word_at(&scratch->data[out + 8 * i]) = 0;
	}
	scratch->out = out + ((size + 7) & ~7u);
	return STEP_GO_ON;
}

/* A chunk header as one word: its parts in the order of their places. */
static __always_inline __u64 chunk_word(__u8 op, __u32 status, __u32 captured, __u64 length)
{
	__u64 total = length > 0xffffffff ? 0xffffffff : length;

	return status | (__u32)op << 8 | captured << 16 | total << 32;
}

/* Bytes behind a (pointer, length) pair: strings, []byte, header values. */
static __always_inline int append_bytes(struct scratch *scratch, __u8 op, __u32 status, __u64 address, __u64 length, __u32 limit)
{
	__u32 header = scratch->out, out = header + sizeof(struct chunk_header), left = settings.capture_limit - out, captured = 0;
	__u32 size;

	if (out > settings.capture_limit)
		return STEP_END;
	MASK(header, CAPTURE_BYTES);
	MASK(out, CAPTURE_BYTES);
	if (limit > left || left < 8)
		limit = left & ~7u;
	size = length > limit ? limit : (__u32)length;
	if (status != CHUNK_OK) {
		length = 0;
	} else if (address == 0) {
		status = CHUNK_NIL;
	} else if (size > 0) {
		MASK(size, CAPTURE_BYTES);
		if (is_constant(scratch, address))
			status = CHUNK_CONSTANT;
		else if (bpf_probe_read_user(&scratch->data[out], size, (void *)address))
			status = fault_status(address, size);
		if (status == CHUNK_OK) {
			captured = size;
		} else if (status != CHUNK_FAULT) {
			*word_at(&scratch->data[out]) = address - scratch->state.load_bias;
			captured = 8;
		}
	}
	*word_at(&scratch->data[header]) = chunk_word(op, status, captured, length);
	scratch->out = out + ((captured + 7) & ~7u);
	return STEP_GO_ON;
}

#endif
