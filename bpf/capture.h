/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The interpreter of capture plans (event.h describes the ops). All changing state lies in the scratch buffer, a
 * map value, so that the verifier follows one path through an op whatever came before it.
 */
#ifndef SIDESPAN_CAPTURE_H
#define SIDESPAN_CAPTURE_H

#include "map-walk.h"
#include "traceparent.h"

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
	if (size > IMAGE_WORDS * 8) {
		if (bpf_probe_read_kernel(&scratch->data[out], size, (void *)zeros))
			return STEP_END;
	} else {
		__builtin_memset(&scratch->data[out], 0, IMAGE_WORDS * 8);
	}
	scratch->out = out + ((size + 7) & ~7u);
	return STEP_GO_ON;
}

static __noinline __u64 word_from(struct plan_context *context, __u32 source)
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
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < IMAGE_WORDS; i++) {
		if (i >= step->a)
			break;
		*image_word(scratch, 8 * i) = word_from(context, (__u32)(sources >> (8 * i)) & 0xff);
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

static __always_inline void step_stack(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u32 chunk = scratch->image_chunk;

	if (copy_user(scratch, scratch->image + step->b, step->c, REGISTER_SP(context->ctx) + step->imm)) {
		MASK(chunk, CAPTURE_BYTES);
		((struct chunk_header *)&scratch->data[chunk])->status = CHUNK_FAULT;
	}
}

/* Bytes behind a (pointer, length) pair: strings, []byte, header values. */
static __always_inline int append_bytes(struct scratch *scratch, __u8 op, __u32 status, __u64 address, __u64 length, __u32 limit)
{
	struct chunk_header *chunk = append_chunk(scratch, op);
	__u32 size;

	if (!chunk)
		return STEP_END;
	chunk->status = status;
	if (status != CHUNK_OK)
		return STEP_GO_ON;
	chunk->total = length > 0xffffffff ? 0xffffffff : (__u32)length;
	if (address == 0) {
		chunk->status = CHUNK_NIL;
		return STEP_GO_ON;
	}
	if (limit > room(scratch))
		limit = room(scratch) & ~7u;
	size = length > limit ? limit : (__u32)length;
	if (size == 0)
		return STEP_GO_ON;
	if (append_user(scratch, size, address))
		chunk->status = CHUNK_FAULT;
	else
		chunk->captured = size;
	return STEP_GO_ON;
}

static __always_inline int step_string(struct scratch *scratch, const struct capture_step *step)
{
	__u64 more = step->imm;
	__u32 at = step->b, limit = step->c;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 3; i++) {
		__u64 *header = image_word(scratch, at);

		if (append_bytes(scratch, OP_STRING, CHUNK_OK, header[0], header[1], limit) == STEP_END)
			return STEP_END;
		if (i + 1 >= step->a)
			break;
		at = (__u32)more & 0xffff;
		limit = (__u32)(more >> 16) & 0xffff;
		more >>= 32;
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
		return CHUNK_FAULT;
	scratch->unsent = at + ((size + 7) & ~7u);
	*image = CAPTURE_BYTES + at;
	return CHUNK_OK;
}

static __always_inline int step_pointer(struct scratch *scratch, const struct capture_step *step)
{
	__u64 address = *image_word(scratch, step->b);
	__u32 size = step->c;
	struct chunk_header *chunk = append_chunk(scratch, OP_POINTER);
	__u32 image = scratch->out;

	if (!chunk)
		return STEP_END;
	if (address == 0)
		chunk->status = CHUNK_NIL;
	else if (scratch->depth >= PLAN_DEPTH)
		chunk->status = CHUNK_NO_ROOM;
	else if (step->a & POINTER_UNSENT)
		chunk->status = read_unsent(scratch, size, address, &image);
	else if (size > room(scratch))
		chunk->status = CHUNK_NO_ROOM;
	else if (append_user(scratch, size, address))
		chunk->status = CHUNK_FAULT;
	else
		chunk->captured = size;
	if (chunk->status != CHUNK_OK)
		scratch->pc += (__u32)step->imm;
	else if (!(step->a & POINTER_LEAF))
		push_level(scratch, image);
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
		*(__u64 *)&scratch->data[out + 8 * i] = *image_word(scratch, (__u32)(step->imm >> (16 * i)) & 0xffff);
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
			chunk->status = CHUNK_FAULT;
			count = 0;
		}
	}
	chunk->captured = (__u16)count;
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

static __always_inline int step_interface(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 *words = image_word(scratch, step->b);
	__u64 type = words[0], data = words[1];
	struct chunk_header *chunk = append_chunk(scratch, OP_INTERFACE);
	struct dynamic_type_key key = {.process_slot = context->process_slot};
	struct dynamic_type *dynamic;
	struct plan_level *level;
	__u32 out = scratch->out;

	if (!chunk || room(scratch) < 8)
		return STEP_END;
	if (type == 0) {
		chunk->status = CHUNK_NIL;
		return STEP_GO_ON;
	}
	/* itab {inter 0, type 8} */
	if (step->a == 1) {
		if (bpf_probe_read_user(&scratch->words[0], 8, (void *)(type + 8))) {
			chunk->status = CHUNK_FAULT;
			return STEP_GO_ON;
		}
		type = scratch->words[0];
	}
	key.type_vaddr = type - context->load_bias;
	MASK(out, CAPTURE_BYTES);
	*(__u64 *)&scratch->data[out] = key.type_vaddr;
	scratch->out = out + 8;
	chunk->captured = 8;
	dynamic = bpf_map_lookup_elem(&dynamic_types, &key);
	if (!dynamic) {
		chunk->status = CHUNK_UNKNOWN_TYPE;
		return STEP_GO_ON;
	}
	chunk->total = dynamic->id;
	level = push_level(scratch, 0);
	if (!level) {
		chunk->status = CHUNK_NO_ROOM;
		return STEP_GO_ON;
	}
	level->return_pc = scratch->pc;
	level->item_bytes = scratch->image_chunk;
	scratch->pc = dynamic->plan;
	if (begin_image(scratch, dynamic->direct ? 8 : dynamic->size_bytes) != STEP_GO_ON) {
		scratch->pc = level->return_pc;
		pop_level(scratch);
		chunk->status = CHUNK_NO_ROOM;
		return STEP_GO_ON;
	}
	if (dynamic->direct) {
		*image_word(scratch, 0) = data;
	} else {
		__u32 size = dynamic->size_bytes;
		__u32 image_chunk = scratch->image_chunk;

		if (size > 0 && copy_user(scratch, scratch->image, size, data)) {
			MASK(image_chunk, CAPTURE_BYTES);
			((struct chunk_header *)&scratch->data[image_chunk])->status = CHUNK_FAULT;
		}
	}
	return STEP_GO_ON;
}

/* Returns from a dynamic plan; ends the capture at the outermost level. */
static __always_inline int step_end(struct scratch *scratch)
{
	struct plan_level *level = pop_level(scratch);

	if (!level)
		return STEP_END;
	scratch->pc = level->return_pc;
	scratch->image_chunk = level->item_bytes;
	return STEP_GO_ON;
}

/* The n-th key's first value: its chunk, or the frame's trace context. */
static long use_header(__u64 index, struct plan_context *context)
{
	struct scratch *scratch = context->scratch;
	__u32 n = (__u32)index, limit, status;

	MASK(n, MAX_HEADER_KEYS);
	struct found_value *found = &scratch->found[n];
	status = found->status;
	limit = ((scratch->limits >> (8 * n)) & 0xff) * HEADER_UNIT;
	if (status == CHUNK_OK && found->length == 0)
		status = CHUNK_ABSENT;
	if (status == CHUNK_OK && bpf_probe_read_user(scratch->words, 16, (void *)found->data))
		status = CHUNK_FAULT;
	if (scratch->adopt) {
		if (status == CHUNK_OK)
			adopt_traceparent(scratch, scratch->words[0], scratch->words[1]);
		return 0;
	}
	scratch->stopped = append_bytes(scratch, OP_HEADER, status, scratch->words[0], scratch->words[1], limit) == STEP_END;
	return scratch->stopped;
}

static __noinline void want_key(struct scratch *scratch, __u32 n, __u32 string_index)
{
	struct plan_string *string = bpf_map_lookup_elem(&plan_strings, &string_index);
	struct found_value *found;

	MASK(n, MAX_HEADER_KEYS);
	found = &scratch->found[n];
	found->string_index = string_index;
	found->key_bytes = string && n < scratch->keys ? string->size_bytes : 1ull << 61; /* no key is that long */
	found->status = CHUNK_ABSENT;
}

/* OP_HEADER and OP_TRACEPARENT: one look-up, so that the verifier walks through it once. */
static __always_inline int step_header(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 strings = step->imm;

	if (step->op == OP_TRACEPARENT && (scratch->frame.flags & FRAME_ROOT) == 0)
		return STEP_GO_ON;
	scratch->adopt = step->op == OP_TRACEPARENT;
	scratch->limits = step->c;
	scratch->keys = step->a & (2 * MAX_HEADER_KEYS - 1);
	scratch->walk.missing = scratch->keys;
	scratch->stopped = 0;
#pragma clang loop unroll(full)
	for (__u32 n = 0; n < MAX_HEADER_KEYS; n++)
		want_key(scratch, n, (__u32)(strings >> (16 * n)) & 0xffff);
	find_headers(scratch, *image_word(scratch, step->b));
	bpf_loop(scratch->keys, use_header, context, 0);
	return scratch->stopped ? STEP_END : STEP_GO_ON;
}

/*
 * context.valueCtx is {parent Context (itab, data), key any (type, data), val any (type, data)}; cancelCtx, timerCtx and
 * afterFuncCtx begin with their parent too. A key's type says that it is a valueCtx with the key asked for.
 */
static __always_inline int step_context(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 address = image_word(scratch, step->b)[1];
	__u64 wanted = step->imm + context->load_bias;
	struct chunk_header *chunk = append_chunk(scratch, OP_CONTEXT);
	__u32 payload = scratch->out;
	__u32 found = 0;

	if (!chunk)
		return STEP_END;
	for (__u32 i = 0; i < MAX_CONTEXTS; i++) {
		if (address == 0 || bpf_probe_read_user(scratch->words, 48, (void *)address))
			break;
		if (scratch->words[2] == wanted) {
			found = 1;
			break;
		}
		address = scratch->words[1];
	}
	if (!found) {
		chunk->status = CHUNK_ABSENT;
	} else if (room(scratch) < 16 || !push_level(scratch, payload)) {
		chunk->status = CHUNK_NO_ROOM;
	} else {
		chunk->captured = 16;
		*image_word(scratch, 0) = scratch->words[4];
		*image_word(scratch, 8) = scratch->words[5];
		scratch->out = payload + 16;
		return STEP_GO_ON;
	}
	scratch->pc += step->c;
	return STEP_GO_ON;
}

static long plan_step(__u64 index, struct plan_context *context)
{
	struct scratch *scratch = context->scratch;
	__u32 pc = scratch->pc;
	struct capture_step *step = bpf_map_lookup_elem(&plan_ops, &pc);
	__u32 word;

	if (!step)
		return STEP_END;
	scratch->pc = pc + 1;
	word = step->a;
	switch (step->op) {
	case OP_END:
		return step_end(scratch);
	case OP_IMAGE:
		if (step_image(context, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_REGISTER:
		if (!scratch->state.own)
			break; /* the call was abandoned: the registers are not its own */
		step_register(context, step);
		return STEP_GO_ON;
	case OP_STACK:
		if (!scratch->state.own)
			break; /* the call was abandoned: the registers are not its own */
		step_stack(context, step);
		return STEP_GO_ON;
	case OP_SAVE:
		if (word < SAVED_WORDS)
			scratch->frame.saved[word] = *image_word(scratch, step->b);
		return STEP_GO_ON;
	case OP_SAVED:
		if (word < SAVED_WORDS)
			*image_word(scratch, step->b) = scratch->frame.saved[word];
		return STEP_GO_ON;
	case OP_STRING:
		if (step_string(scratch, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_POINTER:
		if (step_pointer(scratch, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_POP:
		pop_level(scratch);
		return STEP_GO_ON;
	case OP_SLICE:
		if (step_slice(scratch, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_EACH:
		begin_loop(scratch, scratch->image + step->b, step->a, step);
		return STEP_GO_ON;
	case OP_NEXT:
		step_next(scratch);
		return STEP_GO_ON;
	case OP_INTERFACE:
		if (step_interface(context, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_WORDS:
		if (step_words(scratch, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_HEADER:
	case OP_TRACEPARENT:
		if (step_header(context, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	case OP_CONTEXT:
		if (step_context(context, step) == STEP_GO_ON)
			return STEP_GO_ON;
		break;
	}
	scratch->limited = 1;
	return STEP_END;
}

/* Runs the plan; its chunks are then at scratch->data, scratch->out bytes of them. */
static __always_inline void run_plan(struct plan_context *context, __u32 plan)
{
	struct scratch *scratch = context->scratch;

	scratch->out = 0;
	scratch->unsent = 0;
	scratch->depth = 0;
	scratch->image = 0;
	scratch->limited = 0;
	if (plan == 0)
		return;
	scratch->pc = plan;
	if (bpf_loop(PLAN_STEPS, plan_step, context, 0) == PLAN_STEPS)
		scratch->limited = 1;
}

#endif
