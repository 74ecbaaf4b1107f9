/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Which goroutine a hit is of, and what is known of it. */
#ifndef SIDESPAN_GOROUTINE_AT_HIT_H
#define SIDESPAN_GOROUTINE_AT_HIT_H

#include "unwinding.h"

/* The goroutine that the hit is about. */
static __always_inline __u64 goroutine_of(struct hit *hit, struct pt_regs *ctx)
{
	__u32 stack_abi = hit->site->flags & SITE_STACK_ABI;
	__u64 g = 0;

	/* runtime.recovery runs on g0: the goroutine is its argument. */
	if (hit->site->action != SITE_RECOVERY)
		return stack_abi ? thread_local_g(ctx, hit->process->thread_g) : REGISTER_G(ctx);
	if (!stack_abi)
		return FIRST_ARGUMENT(ctx);
	/* ABI0's first argument lies above the return address, or above the slot for it. */
	bpf_probe_read_user(&g, sizeof(g), (void *)(REGISTER_SP(ctx) + 8));
	return g;
}

/* Reads goid and stack bounds from g and finds the goroutine's open calls. */
static __always_inline int find_goroutine(struct hit *hit, __u64 g, __u64 *stack_hi)
{
	struct scratch *scratch = hit->plan.scratch;
	struct hit_state *state = &scratch->state;
	__u32 goid_at = hit->process->g_goid, stack_at = hit->process->g_stack_hi;
	__u64 goid;

	/* One read for both: each costs more than the bytes between them. */
	if (goid_at > sizeof(scratch->g) - 8 || stack_at > sizeof(scratch->g) - 8)
		return HIT_IGNORED;
	if (bpf_probe_read_user(scratch->g, goid_at + 8, (void *)g))
		return HIT_IGNORED;
	goid = *word_at(&scratch->g[goid_at]);
	*stack_hi = *word_at(&scratch->g[stack_at]);
	state->goid = goid;
	hit->key.goid = goid ? goid : g | 1ull << 63;
	state->depth = (__u32)(*stack_hi - REGISTER_SP(hit->plan.ctx)) - hit->site->frame_bytes;
	return look_up_goroutine(hit) ? HIT_OK : HIT_IGNORED;
}

#endif
