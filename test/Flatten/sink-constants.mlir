// RUN: ogee-opt --ogee-sink-constants %s | FileCheck %s

// CHECK-LABEL: func.func @shared
// CHECK: ^bb0
// CHECK-NEXT: %[[HALF:.*]] = arith.constant 5.000000e-01
// CHECK-NEXT: arith.mulf %{{.*}}, %[[HALF]]
func.func @shared(%x: tensor<4xf32>) -> tensor<4xf32> {
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %half : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}
