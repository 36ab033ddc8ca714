// RUN: ogee-opt --ogee-decompose-softmax %s | FileCheck %s

// CHECK-LABEL: func.func @plain
// CHECK: nn.logsumexp %arg0 over [1]
// CHECK: arith.subf
// CHECK: math.exp
// CHECK-NOT: arith.select
func.func @plain(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = nn.softmax %x over 1 : tensor<3x4xf32> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// A row may hold nothing.
// CHECK-LABEL: func.func @masked
// CHECK: %[[LSE:.*]] = nn.logsumexp
// CHECK: arith.cmpf oeq
// CHECK: arith.select
// CHECK: arith.subf
// CHECK: math.exp
func.func @masked(%x: tensor<3x4xf32>, %keep: tensor<3x4xi1>) -> tensor<3x4xf32> {
  %e = tensor.empty() : tensor<3x4xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%keep, %x : tensor<3x4xi1>, tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%k: i1, %a: f32, %o: f32):
    %none = arith.constant 0xFF800000 : f32
    %0 = arith.select %k, %a, %none : f32
    linalg.yield %0 : f32
  } -> tensor<3x4xf32>
  %0 = nn.softmax %m over 1 : tensor<3x4xf32> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
