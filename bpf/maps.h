/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Every map. User space sets max_entries before loading where the comment says so. */
#ifndef SIDESPAN_MAPS_H
#define SIDESPAN_MAPS_H

#include "maps/goroutines.h"
#include "maps/output.h"
#include "maps/parents.h"
#include "maps/scratch.h"
#include "maps/tables.h"
#include "maps/trace-states.h"

#endif
