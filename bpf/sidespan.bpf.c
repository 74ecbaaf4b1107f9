// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * One generic program for all sites. What a site means and what to read there is data (sites, probes, plan_ops);
 * nothing here knows net/http or gRPC.
 *
 * From Linux 6.13 on the x86 JIT gives a program with 64 bytes of stack or more one private stack per CPU, and uprobe
 * programs may be preempted: two of them would overwrite each other's keys and values. So every body runs between
 * bpf_preempt_disable and bpf_preempt_enable, in a subprogram of its own. Kernels before 6.10 lack these, and private
 * stacks too; there the scratch buffers are what two programs on one CPU could share, hence `claim_scratch`.
 */
#include "claim.h"
#include "hit.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __noinline void count_busy(struct pt_regs *ctx)
{
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	struct site *site = bpf_map_lookup_elem(&sites, &index);

	/* An exit that is missed leaves its call open: that one is counted as unpaired when it is found. */
	if (!site || !BEGINS_CALL(site->action) || ((site->flags & SITE_STACK_CHECK) && STACK_CHECK_TAKEN(ctx)))
		return;
	COUNT(site->probe, seen);
	COUNT(site->probe, scratch_busy);
}

/* When the hit began, if it is one that is timed. */
static __always_inline __u64 begin_timing(struct scratch *scratch)
{
	if (settings.timed_hits == 0 || ++scratch->untimed < settings.timed_hits)
		return 0;
	scratch->untimed = 0;
	scratch->state.site_probe = 0;
	return bpf_ktime_get_ns();
}

static __always_inline void end_timing(const struct scratch *scratch, __u64 begun)
{
	struct probe_counters *counters_;

	if (settings.timed_hits == 0 || begun == 0)
		return;
	counters_ = counters_of(scratch->state.site_probe);
	if (counters_)
		ADD_TO(&counters_->time_ns, bpf_ktime_get_ns() - begun);
}

SEC("uprobe")
int site_hit(struct pt_regs *ctx)
{
	struct scratch *scratch;
	__u32 claimed = 0;
	__u64 begun;

	if (CAN_DISABLE_PREEMPTION) {
		bpf_preempt_disable();
		scratch = bpf_map_lookup_elem(&scratch_buffers, &claimed);
	} else {
		scratch = claim_scratch(&claimed);
	}
	if (scratch) {
		scratch->state.claimed = claimed;
		begun = begin_timing(scratch);
		handle_hit(ctx, scratch);
		end_timing(scratch, begun);
	} else {
		count_busy(ctx);
	}
	if (CAN_DISABLE_PREEMPTION)
		bpf_preempt_enable();
	else if (scratch)
		release_scratch(claimed);
	return 0;
}

/* ---- processes that come and go ---- */

static __always_inline void send_process_change(__u32 change)
{
	struct bpf_pidns_info info = {};
	struct process_record record = {.header = {.kind = RECORD_PROCESS}, .change = change};

	/* Fails for a process that is not visible in the agent's namespace: not ours to follow. */
	if (bpf_get_ns_current_pid_tgid(settings.pid_namespace_device, settings.pid_namespace_inode, &info, sizeof(info)))
		return;
	/* Threads come and go too. */
	if (info.pid != info.tgid)
		return;
	record.pid = info.tgid;
	bpf_ringbuf_output(&ring, &record, sizeof(record), BPF_RB_FORCE_WAKEUP);
}

SEC("raw_tp/sched_process_exec")
int process_exec(void *ctx)
{
	send_process_change(PROCESS_EXEC);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(void *ctx)
{
	send_process_change(PROCESS_EXIT);
	return 0;
}
