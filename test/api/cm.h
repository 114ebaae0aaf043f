/* cmocka with the headers that it wants before its own. */
#ifndef API_CM_H
#define API_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* API_CM_H */
