// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * Writes the headers of the trace context into the requests of clients. An object of its own, because a kernel that is locked down
 * refuses every program that has bpf_probe_write_user, and others say in their log that it was loaded: so it is loaded only
 * where somebody wants it (SIDESPAN_PROPAGATION=write). All maps that sidespan.bpf.c has too are the same ones.
 *
 * The client's call is open on the goroutine that made it. Often another one writes the request, so the call is handed on
 * by words that both have: a buffer's or a request's address, then the goroutine. What is written lies behind the length
 * of a buffer, where nobody looks, until the length says otherwise; and only the thread that owns the buffer is here.
 */
#include "claim.h"
#include "outgoing-pass.h"
#include "outgoing-write.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __noinline void handle_outgoing(struct pt_regs *ctx, struct scratch *scratch)
{
	struct hit hit = {.plan = {.scratch = scratch}};
	struct outgoing_site *place;
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	__u64 stack_hi;

	hit.site = bpf_map_lookup_elem(&sites, &index);
	if (!hit.site || ((hit.site->flags & SITE_STACK_CHECK) && STACK_CHECK_TAKEN(ctx)))
		return;
	index = hit.site->process_slot;
	hit.process = bpf_map_lookup_elem(&processes, &index);
	index = hit.site->object;
	place = bpf_map_lookup_elem(&outgoing_sites, &index);
	if (!hit.process || !place || hit.process->generation != hit.site->generation)
		return;
	use_process(&hit, ctx);
	if ((hit.site->action == SITE_PASS || hit.site->action == SITE_PASS_ON || place->key.base == CONTEXT_NONE) &&
	    find_goroutine(&hit, goroutine_of(&hit, ctx), &stack_hi))
		return;
	switch (hit.site->action) {
	case SITE_PASS:
		pass(&hit, place);
		break;
	case SITE_PASS_ON:
		pass_on(&hit, place);
		break;
	case SITE_WRITE_LINE:
		write_line(&hit, place);
		break;
	case SITE_WRITE_BLOCK:
		write_block(&hit, place);
		break;
	}
}

SEC("uprobe")
int outgoing_hit(struct pt_regs *ctx)
{
	struct scratch *scratch;
	__u32 claimed = 0;

	if (CAN_DISABLE_PREEMPTION) {
		bpf_preempt_disable();
		scratch = bpf_map_lookup_elem(&scratch_buffers, &claimed);
	} else {
		scratch = claim_scratch(&claimed);
	}
	if (scratch) {
		scratch->state.claimed = claimed;
		handle_outgoing(ctx, scratch);
	}
	if (CAN_DISABLE_PREEMPTION)
		bpf_preempt_enable();
	else if (scratch)
		release_scratch(claimed);
	return 0;
}
