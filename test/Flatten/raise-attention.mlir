// RUN: ogee-opt --ogee-lower-defines --ogee-fold-copies --cse --ogee-raise-attention %s | FileCheck %s

// Values: attention.test. Here: what is raised, and what the region holds.

// Batch b, heads h; the scale is on the score, the condition on indices.
// CHECK: #[[$HEAD:.*]] = affine_map<(d0, d1, d2, d3) -> (d1)>
// CHECK-LABEL: func.func @biased
// CHECK: nn.attention %arg0, %arg1, %arg2 captures %arg3 {capture_maps = [#[[$HEAD]]], causal}
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index, %[[I:.*]]: index, %[[J:.*]]: index, %[[SLOPE:.*]]: f32):
// CHECK: arith.cmpi sle, %[[J]], %[[I]]
// CHECK: arith.addf %[[S]], %[[SLOPE]]
// CHECK: nn.yield
// CHECK-NOT: linalg.generic
func.func @biased(%q: tensor<2x5x3x4xf32>, %k: tensor<2x5x3x4xf32>, %v: tensor<2x5x3x6xf32>, %slope: tensor<3xf32>) -> tensor<2x5x3x6xf32> {
  %y = arch.define : tensor<2x5x3x6xf32> {
  ^bb0(%b: index, %i: index, %h: index, %e: index):
    %o = arch.reduce sum [5] : f32 {
    ^bb0(%j: index):
      %p = arch.softmax %j [5] : f32 {
      ^bb0(%l: index):
        %s = arch.reduce sum [4] : f32 {
        ^bb0(%d: index):
          %0 = arch.read %q[%b, %i, %h, %d] : tensor<2x5x3x4xf32> -> f32
          %1 = arch.read %k[%b, %l, %h, %d] : tensor<2x5x3x4xf32> -> f32
          %2 = arith.mulf %0, %1 : f32
          arch.yield %2 : f32
        }
        %3 = arch.read %slope[%h] : tensor<3xf32> -> f32
        %4 = arith.addf %s, %3 : f32
        %keep = arith.cmpi sle, %l, %i : index
        arch.yield %4, %keep : f32, i1
      }
      %5 = arch.read %v[%b, %j, %h, %e] : tensor<2x5x3x6xf32> -> f32
      %6 = arith.mulf %p, %5 : f32
      arch.yield %6 : f32
    }
    arch.yield %o : f32
  }
  return %y : tensor<2x5x3x6xf32>
}

// Two readers of the softmax: it has to be in memory anyway.
// CHECK-LABEL: func.func @shared
// CHECK-NOT: nn.attention
// CHECK: nn.softmax
func.func @shared(%q: tensor<5x4xf32>, %k: tensor<5x4xf32>) -> (tensor<5x4xf32>, tensor<5x5xf32>) {
  %p = arch.define : tensor<5x5xf32> {
  ^bb0(%i: index, %j: index):
    %0 = arch.softmax %j [5] : f32 {
    ^bb0(%l: index):
      %s = arch.reduce sum [4] : f32 {
      ^bb0(%d: index):
        %1 = arch.read %q[%i, %d] : tensor<5x4xf32> -> f32
        %2 = arch.read %k[%l, %d] : tensor<5x4xf32> -> f32
        %3 = arith.mulf %1, %2 : f32
        arch.yield %3 : f32
      }
      arch.yield %s : f32
    }
    arch.yield %0 : f32
  }
  %y = arch.define : tensor<5x4xf32> {
  ^bb0(%i: index, %d: index):
    %o = arch.reduce sum [5] : f32 {
    ^bb0(%j: index):
      %0 = arch.read %p[%i, %j] : tensor<5x5xf32> -> f32
      %1 = arch.read %k[%j, %d] : tensor<5x4xf32> -> f32
      %2 = arith.mulf %0, %1 : f32
      arch.yield %2 : f32
    }
    arch.yield %o : f32
  }
  return %y, %p : tensor<5x4xf32>, tensor<5x5xf32>
}
