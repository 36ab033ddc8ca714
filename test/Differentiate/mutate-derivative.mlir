// RUN: not ogee-opt --ogee-build-step=mutate-derivative=arith.mulf.7:sign %s 2>&1 | FileCheck %s
// CHECK: no mutant `arith.mulf.7:sign` of the derivative table, but arith.addf.0:sign arith.addf.0:factor
module {}
