/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The interpreter of capture plans (event.h describes the ops). All changing state lies in the scratch buffer, a
 * map value, so that the verifier follows one path through an op whatever came before it.
 */
#ifndef SIDESPAN_CAPTURE_H
#define SIDESPAN_CAPTURE_H

#include "lookup-steps.h"
#include "value-steps.h"

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
