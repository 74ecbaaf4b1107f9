/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Why memory could not be read: a probe may not wait for a page that the program's own access would bring in. */
#ifndef SIDESPAN_FAULT_H
#define SIDESPAN_FAULT_H

#include "event.h"
#include "kernel.h"

/* include/linux/mm.h */
#define VM_READ 1

struct vm_area_struct {
	unsigned long vm_flags;
} __attribute__((preserve_access_index));

static long note_readable(struct task_struct *task, struct vm_area_struct *area, __u32 *readable)
{
	unsigned long flags = 0;

	bpf_core_read(&flags, sizeof(flags), &area->vm_flags);
	*readable = flags & VM_READ;
	return 0;
}

static __always_inline __u32 is_readable(__u64 address)
{
	__u32 readable = 0;

	/* Fails where nothing is mapped, and while another thread changes the mappings. */
	bpf_find_vma(bpf_get_current_task_btf(), address, note_readable, &readable, 0);
	return readable;
}

/* The status of a chunk whose `size` bytes could not be read. */
static __noinline __u32 fault_status(__u64 address, __u32 size)
{
	return is_readable(address) && is_readable(address + size - 1) ? CHUNK_NOT_RESIDENT : CHUNK_FAULT;
}

#endif
