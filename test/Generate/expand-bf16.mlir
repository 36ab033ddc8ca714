// RUN: ogee-opt %s --ogee-expand-bf16 | FileCheck %s

// To nearest, ties to even: half of the last place that stays, less one where
// that place is even, is added before the rest is cut off. A number that is none stays
// one.

// CHECK-LABEL: func.func @round
// CHECK-NOT: arith.truncf
// CHECK: arith.cmpf une
// CHECK: arith.bitcast {{.*}} : vector<16xf32> to vector<16xi32>
// CHECK: arith.trunci
// CHECK: arith.select
// CHECK: arith.bitcast {{.*}} : vector<16xi16> to vector<16xbf16>
func.func @round(%x: vector<16xf32>) -> vector<16xbf16> {
  %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  return %y : vector<16xbf16>
}

// CHECK-LABEL: func.func @widen
// CHECK-NOT: arith.extf
// CHECK: arith.shli
func.func @widen(%x: bf16) -> f32 {
  %y = arith.extf %x : bf16 to f32
  return %y : f32
}
