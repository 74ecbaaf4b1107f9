/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The interpreter of capture plans (event.h describes the ops). All changing state lies in the scratch buffer, a
 * map value, so that the verifier follows one path through an op whatever came before it.
 */
#ifndef SIDESPAN_CAPTURE_H
#define SIDESPAN_CAPTURE_H

#include "label-steps.h"
#include "lookup-steps.h"
#include "map-steps.h"
#include "value-steps.h"

static __always_inline const struct capture_step *next_step(struct scratch *scratch)
{
	__u32 pc = scratch->pc;

	scratch->pc = pc + 1;
	return bpf_map_lookup_elem(&plan_ops, &pc);
}

static __always_inline int ran_out(struct scratch *scratch)
{
	scratch->limited = 1;
	return STEP_END;
}

/* Does the step if it is an OP and takes the next one. */
#define IF_STEP(OP, call)                                         \
	if (step->op == (OP)) {                                   \
		if ((call) != STEP_GO_ON)                         \
			return ran_out(scratch);                  \
		step = next_step(scratch);                        \
		if (!step)                                        \
			return ran_out(scratch);                  \
	}

/*
 * One turn of the loop: up to seven steps of the kinds that follow each other in this order in most plans, and one of the
 * others. A turn costs as much as a short read.
 */
static long plan_step(__u64 index, struct plan_context *context)
{
	struct scratch *scratch = context->scratch;
	const struct capture_step *step = next_step(scratch);
	__u32 word;

	if (!step)
		return ran_out(scratch);
	IF_STEP(OP_POP, step_pop(scratch))
	IF_STEP(OP_IMAGE, step_image(context, step))
	IF_STEP(OP_STACK, step_stack(context, step))
	IF_STEP(OP_POINTER, step_pointer(scratch, step))
	IF_STEP(OP_WORDS, step_words(scratch, step))
	IF_STEP(OP_STRING, step_string(scratch, step))
	IF_STEP(OP_POP, step_pop(scratch))
	word = step->a;
	switch (step->op) {
	case OP_END:
		return step_end(scratch);
	case OP_REGISTER:
		if (!scratch->state.own)
			return ran_out(scratch); /* the call was abandoned: the registers are not its own */
		step_register(context, step);
		return STEP_GO_ON;
	case OP_SAVE:
		if (word < SAVED_WORDS)
			scratch->frame.saved[word] = *image_word(scratch, step->b);
		return STEP_GO_ON;
	case OP_SAVED:
		if (word < SAVED_WORDS)
			*image_word(scratch, step->b) = scratch->frame.saved[word];
		return STEP_GO_ON;
	case OP_CONSTANT:
		if (step->a == 4)
			*(__u32 *)image_word(scratch, step->b) = (__u32)step->imm;
		else
			*image_word(scratch, step->b) = (__u64)step->c << 32 | (__u32)step->imm;
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
	case OP_MAP:
		if (step_map(scratch, step) == STEP_GO_ON)
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
	case OP_LABEL:
		return step_labels(context);
	default: /* a kind from above: the next turn's */
		scratch->pc--;
		return STEP_GO_ON;
	}
	return ran_out(scratch);
}

/* Runs the plan at scratch->pc; its chunks are then at scratch->data, behind the call's arguments if those were kept. */
static __always_inline void run_plan(struct plan_context *context)
{
	struct scratch *scratch = context->scratch;

	scratch->out = scratch->state.kept_bytes;
	scratch->unsent = 0;
	scratch->depth = 0;
	scratch->image = 0;
	scratch->limited = 0;
	if (scratch->pc == 0)
		return;
	if (bpf_loop(PLAN_STEPS, plan_step, context, 0) == PLAN_STEPS)
		scratch->limited = 1;
}

#endif
