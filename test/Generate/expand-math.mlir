// --ogee-expand-math leaves instructions, and refuses what it does not know.
// The numbers are in expand-math.test.
// RUN: split-file %s %t
// RUN: ogee-opt --ogee-expand-math %t/good.mlir | FileCheck %t/good.mlir
// RUN: not ogee-opt --ogee-expand-math %t/bad.mlir 2>&1 | FileCheck %t/bad.mlir

//--- good.mlir
// CHECK-LABEL: func @rsqrt
// CHECK: %[[ROOT:.+]] = math.sqrt %arg0 : vector<16xf32>
// CHECK: arith.divf %{{.+}}, %[[ROOT]] : vector<16xf32>
func.func @rsqrt(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.rsqrt %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @scalar
// CHECK-NOT: math.exp
// CHECK-NOT: math.log
// CHECK: math.fma %{{.+}} : f64
// CHECK-NOT: math.log
// CHECK: return
func.func @scalar(%x: f64) -> f64 {
  %y = math.exp %x : f64
  %z = math.log1p %y : f64
  return %z : f64
}

// A small power is a product.
// CHECK-LABEL: func @cube
// CHECK: %[[SQUARE:.+]] = arith.mulf %arg0, %arg0 : f32
// CHECK: arith.mulf %[[SQUARE]], %arg0 : f32
func.func @cube(%x: f32) -> f32 {
  %three = arith.constant 3.0 : f32
  %y = math.powf %x, %three : f32
  return %y : f32
}

// CHECK-LABEL: func @kept
// CHECK: math.floor
// CHECK: math.absf
func.func @kept(%x: vector<8xf64>) -> vector<8xf64> {
  %y = math.floor %x : vector<8xf64>
  %z = math.absf %y : vector<8xf64>
  return %z : vector<8xf64>
}

//--- bad.mlir
// CHECK: no code for this function on the CPU
func.func @unknown(%x: f32) -> f32 {
  %y = math.cbrt %x : f32
  return %y : f32
}
