/* lib/os: the only place that makes system calls. */
#ifndef OS_OS_H
#define OS_OS_H

#include "bug.h"
#include "clock.h"
#include "fault.h"
#include "fork.h"
#include "huge_page.h"
#include "inject.h"
#include "lock.h"
#include "process.h"
#include "random.h"
#include "report.h"
#include "sigmask.h"
#include "thp.h"
#include "vm.h"

#endif
