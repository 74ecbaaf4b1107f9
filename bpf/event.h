/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * The one wire format between the BPF programs and user space.
 *
 * Everything here is mirrored in TypeScript: records in src/event/layout.ts, capture ops in
 * src/probe/capture/capture-op.ts, map keys and values in src/bpf/map-layout.ts. test/bpf/wire-format.test.ts
 * compares every field's offset and every enumerator with the BTF of the compiled object.
 *
 * Rules: fixed-width types, explicit padding, little-endian. Ids are bytes in network order.
 */
#ifndef SIDESPAN_EVENT_H
#define SIDESPAN_EVENT_H

#include "wire/capture-plan.h"
#include "wire/counters.h"
#include "wire/limits.h"
#include "wire/outgoing.h"
#include "wire/record.h"
#include "wire/series.h"
#include "wire/settings.h"
#include "wire/site.h"

#endif
