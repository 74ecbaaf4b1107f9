/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Ops that look something up: dynamic types, header maps, context.Context. */
#ifndef SIDESPAN_LOOKUP_STEPS_H
#define SIDESPAN_LOOKUP_STEPS_H

#include "label-steps.h"
#include "map-walk.h"
#include "output.h"
#include "trace-context.h"
#include "trace-state.h"

static __always_inline int step_interface(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u64 *words = image_word(scratch, step->b);
	__u64 type = words[0], data = words[1];
	struct chunk_header *chunk = append_chunk(scratch, OP_INTERFACE);
	struct dynamic_type_key key = {.process_slot = context->process_slot};
	struct dynamic_type *dynamic;
	struct plan_level *level;
	__u32 out = scratch->out, indirect;

	if (!chunk || room(scratch) < 8)
		return STEP_END;
	if (type == 0) {
		chunk->status = CHUNK_NIL;
		return STEP_GO_ON;
	}
	/* itab {inter 0, type 8} */
	if (step->a == INTERFACE_ITAB) {
		if (bpf_probe_read_user(&scratch->words[0], 8, (void *)(type + 8))) {
			chunk->status = CHUNK_FAULT;
			return STEP_GO_ON;
		}
		type = scratch->words[0];
	}
	key.type_vaddr = type - context->load_bias;
	MASK(out, CAPTURE_BYTES);
	*word_at(&scratch->data[out]) = key.type_vaddr;
	scratch->out = out + 8;
	chunk->captured = 8;
	dynamic = bpf_map_lookup_elem(&dynamic_types, &key);
	if (!dynamic) {
		chunk->status = CHUNK_UNKNOWN_TYPE;
		return STEP_GO_ON;
	}
	chunk->total = dynamic->id;
	indirect = !dynamic->direct || (step->a == INTERFACE_REFLECTED && (*image_word(scratch, step->b + 16) & REFLECT_INDIRECT));
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
	if (!indirect) {
		*image_word(scratch, 0) = data;
	} else {
		__u32 size = dynamic->size_bytes;
		__u32 image_chunk = scratch->image_chunk;

		if (size > 0 && copy_user(scratch, scratch->image, size, data)) {
			MASK(image_chunk, CAPTURE_BYTES);
			((struct chunk_header *)&scratch->data[image_chunk])->status = fault_status(data, size);
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

/* The next key's value, or the next one of several: its chunk, or what it tells of the trace context. Then the chunks of absent ones behind it. */
static long use_header(__u64 index, struct plan_context *context)
{
	struct scratch *scratch = context->scratch;
	__u32 n = scratch->next_key, line = scratch->line, limit, status;

	scratch->next_key = n + 1;
	MASK(n, FOUND_VALUES);
	struct found_value *found = &scratch->found[n];
	status = found->status;
	if (status == CHUNK_OK && found->length == 0)
		status = CHUNK_ABSENT;
	if (status == CHUNK_OK && bpf_probe_read_user(scratch->words, 16, (void *)(found->data + 16 * line)))
		status = CHUNK_FAULT;
	if (n < scratch->contexts) {
		__u32 role = scratch->roles >> HEADER_ROLE_BITS * n & (1 << HEADER_ROLE_BITS) - 1;

		/* A header that came twice has no meaning. */
		if (status != CHUNK_ABSENT && (status != CHUNK_OK || found->length != 1))
			scratch->words[1] = MALFORMED_BYTES;
		use_context_header(scratch, role, status == CHUNK_ABSENT ? 0 : scratch->words[1]);
		if (n + 1 < scratch->contexts)
			return 0;
		if (!scratch->state.decided)
			decide_sampling(scratch);
		/* What is not sampled needs no values. */
		return has_labels_only(&scratch->frame);
	}
	if (line == HEADER_LINES)
		status = CHUNK_TOO_LARGE;
	else if (found->status == CHUNK_OK && line + 1 < found->length)
		scratch->next_key = n;
	scratch->line = scratch->next_key == n ? line + 1 : 0;
	n -= scratch->contexts;
	limit = (scratch->limits[n >> 3 & 1] >> 8 * (n & 7) & 0xff) * HEADER_UNIT;
	if (append_bytes(scratch, line ? OP_HEADER_LINE : OP_HEADER, status, scratch->words[0], scratch->words[1], limit) == STEP_END) {
		scratch->stopped = 1;
		return 1;
	}
	if (scratch->line > 0)
		return 0;
	/* Most are absent: without a call for each. */
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < MAX_HEADER_KEYS; i++) {
		struct chunk_header *chunk;

		n = scratch->next_key;
		if (n >= scratch->keys)
			break;
		MASK(n, FOUND_VALUES);
		if (scratch->found[n].status != CHUNK_ABSENT)
			return 0;
		chunk = append_chunk(scratch, OP_HEADER);
		if (!chunk) {
			scratch->stopped = 1;
			return 1;
		}
		chunk->status = CHUNK_ABSENT;
		scratch->next_key = n + 1;
	}
	return 1;
}

/* OP_HEADER and OP_TRACEPARENT: one look-up, so that the verifier walks through it once. */
static __always_inline int step_header(struct plan_context *context, const struct capture_step *step)
{
	struct scratch *scratch = context->scratch;
	__u32 keys = step->a & ~HEADER_MORE, at = step->b;

	if (keys > MAX_HEADER_KEYS)
		return STEP_END;
	scratch->contexts = step->op == OP_TRACEPARENT;
	scratch->roles = ROLE_TRACEPARENT;
	scratch->limits[0] = step->c;
	scratch->keys = keys;
	scratch->first_key = step->imm >> 56;
	scratch->walk.missing = keys;
	scratch->walk.lengths = step->imm & (1ull << 56) - 1;
	scratch->stopped = 0;
	scratch->state_key = 0;
	if (step->a & HEADER_MORE) {
		__u32 pc = scratch->pc;

		scratch->pc = pc + 1;
		step = bpf_map_lookup_elem(&plan_ops, &pc);
		if (!step)
			return STEP_END;
		scratch->contexts = step->a;
		scratch->roles = step->c;
		scratch->state_key = step->b;
		scratch->limits[0] |= step->imm << 32;
		scratch->limits[1] = step->imm >> 32;
	}
#pragma clang loop unroll(full)
	for (__u32 n = 0; n < MAX_HEADER_KEYS; n++)
		scratch->found[n].status = CHUNK_ABSENT;
	find_headers(scratch, *image_word(scratch, at));
	scratch->next_key = 0;
	scratch->line = 0;
	if (scratch->contexts == 1 && scratch->found[0].status != CHUNK_OK) { /* as it is in most requests */
		if (!scratch->state.decided)
			decide_sampling(scratch);
		scratch->next_key = 1;
		if (keys == 1 || has_labels_only(&scratch->frame))
			keys = 0;
	}
	/* It ends with the last key. */
	bpf_loop(keys ? MAX_HEADER_KEYS * (HEADER_LINES + 1) : 0, use_header, context, 0);
	if (settings.trace_states && scratch->state_key)
		keep_trace_state(scratch, scratch->state_key - 1);
	if (scratch->contexts > 0 && has_labels_only(&scratch->frame)) {
		begin_labels(scratch);
		return STEP_GO_ON;
	}
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
	__u32 found = 0, ended = 0;

	if (!chunk)
		return STEP_END;
	for (__u32 i = 0; i < MAX_CONTEXTS; i++) {
		if (address == 0 || bpf_probe_read_user(scratch->words, 48, (void *)address)) {
			ended = 1;
			break;
		}
		if (scratch->words[2] == wanted) {
			found = 1;
			break;
		}
		address = scratch->words[1];
	}
	if (!found) {
		chunk->status = ended ? CHUNK_ABSENT : CHUNK_TOO_LARGE;
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

#endif
