/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Ops on values whose place is known: registers, stack, pointers, slices. */
#ifndef SIDESPAN_VALUE_STEPS_H
#define SIDESPAN_VALUE_STEPS_H

#include "stream-messages.h"
#include "string-steps.h"

static __always_inline __u64 word_from(struct plan_context *context, __u32 source)
{
	struct scratch *scratch = context->scratch;

	if (source >= WORD_SAVED) {
		source -= WORD_SAVED;
		return source < SAVED_WORDS ? scratch->frame.saved[source] : 0;
	}
	return scratch->state.own ? read_register(context->ctx, source) : 0;
}

static __always_inline int step_image(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 sources = step->imm;

	if (begin_image(scratch, step->c) != STEP_GO_ON)
		return STEP_END;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < IMAGE_WORDS; i++) {
		if (i >= step->a)
			break;
		*image_word(scratch, 8 * i) = word_from(context, (__u32)(sources >> (SOURCE_BITS * i)) & ((1 << SOURCE_BITS) - 1));
	}
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SAVED_WORDS; i++) {
		if (i >= step->b)
			break;
		scratch->frame.saved[i] = *image_word(scratch, 8 * i);
	}
	return STEP_GO_ON;
}

static __always_inline void step_register(struct plan_context *context, const struct capture_step *step)
{
	__u64 value = read_register(context->ctx, step->a);
	__u8 *to = (__u8 *)image_word(context->scratch, step->b);

	if (step->c == 8)
		*(__u64 *)to = value;
	else if (step->c == 4)
		*(__u32 *)to = (__u32)value;
	else if (step->c == 2)
		*(__u16 *)to = (__u16)value;
	else
		*to = (__u8)value;
}

static __always_inline int step_stack(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u32 chunk = scratch->image_chunk;
	__u64 base = REGISTER_SP(context->ctx);

	if (!scratch->state.own)
		return STEP_END; /* the call was abandoned: stack and registers are not its own */
	if (step->a == BASE_IMAGE)
		base = context->load_bias;
	else if (step->a >= BASE_REGISTER)
		base = read_register(context->ctx, step->a - BASE_REGISTER);
	if (copy_user(scratch, scratch->image + step->b, step->c, base + step->imm)) {
		MASK(chunk, CAPTURE_BYTES);
		((struct chunk_header *)&scratch->data[chunk])->status = CHUNK_FAULT;
	}
	return STEP_GO_ON;
}

/* Reads `size` bytes to where the images lie that are not sent; returns 0 and sets *image if it worked. */
static __always_inline __u32 read_unsent(struct scratch *scratch, __u32 size, __u64 address, __u32 *image)
{
	__u32 at = scratch->unsent;

	if (size >= UNSENT_BYTES || at + size > UNSENT_BYTES)
		return CHUNK_NO_ROOM;
	MASK(at, UNSENT_BYTES);
	MASK(size, UNSENT_BYTES);
	if (bpf_probe_read_user(&scratch->data[CAPTURE_BYTES + at], size, (void *)address))
		return fault_status(address, size);
	scratch->unsent = at + ((size + 7) & ~7u);
	*image = CAPTURE_BYTES + at;
	return CHUNK_OK;
}

/* Whether the pointer is the second word of an interface with the type that the step is for. itab {inter 0, type 8} */
static __noinline int is_of_type(struct scratch *scratch, const struct capture_step *step)
{
	__u64 type = *image_word(scratch, step->b - 8);

	if (type && (step->a & POINTER_OF_ITAB)) {
		if (bpf_probe_read_user(scratch->words, 8, (void *)(type + 8)))
			return 0;
		type = scratch->words[0];
	}
	return type - scratch->state.load_bias == step->c;
}

static __always_inline int step_pointer(struct scratch *scratch, const struct capture_step *step)
{
	__u64 address = *image_word(scratch, step->b);
	__u32 size = step->c;
	struct chunk_header *chunk = append_chunk(scratch, OP_POINTER);
	__u32 image = scratch->out;

	if (!chunk)
		return STEP_END;
	if (step->a & POINTER_OF_TYPE)
		size = step->imm >> 32;
	if ((step->a & POINTER_UNLESS) && *image_word(scratch, step->imm >> 32) != 0)
		chunk->status = CHUNK_NEEDLESS;
	else if (address == 0)
		chunk->status = CHUNK_NIL;
	else if ((step->a & POINTER_OF_TYPE) && !is_of_type(scratch, step))
		chunk->status = CHUNK_NEEDLESS;
	else if (scratch->depth >= PLAN_DEPTH)
		chunk->status = CHUNK_NO_ROOM;
	else if (settings.messages && (step->a & POINTER_MESSAGES))
		chunk->status = read_messages(scratch, address, &image);
	else if (step->a & POINTER_UNSENT)
		chunk->status = read_unsent(scratch, size, address, &image);
	else if (size > room(scratch))
		chunk->status = CHUNK_NO_ROOM;
	else if (append_user(scratch, size, address))
		chunk->status = fault_status(address, size);
	else
		chunk->captured = size;
	if (chunk->status != CHUNK_OK)
		scratch->pc += (__u32)step->imm;
	else if (!(step->a & POINTER_LEAF))
		push_level(scratch, image);
	return STEP_GO_ON;
}

static __always_inline int step_pop(struct scratch *scratch)
{
	/* Nothing looks at an unsent image again, nor at those behind it. */
	if (scratch->image >= CAPTURE_BYTES)
		scratch->unsent = scratch->image - CAPTURE_BYTES;
	pop_level(scratch);
	return STEP_GO_ON;
}

static __always_inline int step_words(struct scratch *scratch, const struct capture_step *step)
{
	struct chunk_header *chunk;
	__u32 out;

	if (room(scratch) < sizeof(*chunk) + 4 * 8)
		return STEP_END;
	chunk = append_chunk(scratch, OP_WORDS);
	if (!chunk)
		return STEP_END;
	out = scratch->out;
	MASK(out, CAPTURE_BYTES);
	/* Always four: cheaper than a branch for each. */
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 4; i++)
		*word_at(&scratch->data[out + 8 * i]) = *image_word(scratch, ((__u32)(step->imm >> (8 * i)) & 0xff) * 8);
	chunk->captured = step->a * 8;
	scratch->out = out + step->a * 8;
	return STEP_GO_ON;
}

/* Enters the body at pc for `count` items, the first at offset `items`; without items skips it. */
static __always_inline void begin_loop(struct scratch *scratch, __u32 items, __u32 count, const struct capture_step *step)
{
	struct plan_level *level;

	if (step->imm == 0)
		return;
	level = count > 0 ? push_level(scratch, items) : 0;
	if (!level) {
		scratch->pc += (__u32)step->imm;
		return;
	}
	level->body_pc = scratch->pc;
	level->remaining = count - 1;
	level->item_bytes = step->c;
}

static __always_inline int step_slice(struct scratch *scratch, const struct capture_step *step)
{
	__u64 *header = image_word(scratch, step->b);
	__u64 address = header[0], length = header[1];
	__u32 count = step->a, bytes;
	struct chunk_header *chunk = append_chunk(scratch, OP_SLICE);
	__u32 items = scratch->out;

	if (!chunk)
		return STEP_END;
	chunk->total = length > 0xffffffff ? 0xffffffff : (__u32)length;
	if (address == 0) {
		chunk->status = CHUNK_NIL;
		count = 0;
	} else if (scratch->depth >= PLAN_DEPTH && step->imm != 0) {
		chunk->status = CHUNK_NO_ROOM;
		count = 0;
	} else {
		if (length < count)
			count = (__u32)length;
		bytes = count * step->c;
		if (bytes > room(scratch)) {
			count = step->c > 0 ? room(scratch) / step->c : count;
			bytes = count * step->c;
		}
		if (bytes > 0 && append_user(scratch, bytes, address)) {
			chunk->status = fault_status(address, bytes);
			count = 0;
		}
	}
	chunk->captured = (__u16)count;
	if (step->imm >> 32 && count <= SLICE_STRINGS) {
		scratch->pc += (__u32)step->imm;
		return slice_strings(scratch, items, count, step->imm >> 32);
	}
	begin_loop(scratch, items, count, step);
	return STEP_GO_ON;
}

static __always_inline void step_next(struct scratch *scratch)
{
	__u32 depth = scratch->depth;

	if (depth == 0 || depth > PLAN_DEPTH)
		return;
	depth--;
	MASK(depth, PLAN_DEPTH);
	struct plan_level *level = &scratch->level[depth];
	if (level->remaining > 0) {
		level->remaining--;
		scratch->image += level->item_bytes;
		scratch->pc = level->body_pc;
		return;
	}
	pop_level(scratch);
}

#endif
