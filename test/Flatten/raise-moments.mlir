// RUN: ogee-opt --ogee-lower-defines --cse --ogee-raise-moments %s | FileCheck %s

// CHECK-LABEL: func.func @variance
// CHECK: nn.moments %arg0 over [1] : tensor<3x8xf32> -> tensor<3xf32>, tensor<3xf32>
// CHECK: arith.divf
// CHECK: return
func.func @variance(%x: tensor<3x8xf32>) -> tensor<3xf32> {
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    %v = arch.reduce variance [8] : f32 {
    ^bb0(%j: index):
      %0 = arch.read %x[%i, %j] : tensor<3x8xf32> -> f32
      arch.yield %0 : f32
    }
    arch.yield %v : f32
  }
  return %y : tensor<3xf32>
}

// Written out, over trailing dimensions.
// CHECK-LABEL: func.func @written
// CHECK: %[[MEAN:.*]], %{{.*}} = nn.moments %arg0 over [1, 2] : tensor<8x3x2xf32> -> tensor<8xf32>, tensor<8xf32>
// CHECK: return %[[MEAN]],
func.func @written(%x: tensor<8x3x2xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %mean = arch.define : tensor<8xf32> {
  ^bb0(%j: index):
    %v = arch.reduce mean [3, 2] : f32 {
    ^bb0(%i: index, %k: index):
      %0 = arch.read %x[%j, %i, %k] : tensor<8x3x2xf32> -> f32
      arch.yield %0 : f32
    }
    arch.yield %v : f32
  }
  %y = arch.define : tensor<8xf32> {
  ^bb0(%j: index):
    %v = arch.reduce mean [3, 2] : f32 {
    ^bb0(%i: index, %k: index):
      %0 = arch.read %x[%j, %i, %k] : tensor<8x3x2xf32> -> f32
      %1 = arch.read %mean[%j] : tensor<8xf32> -> f32
      %2 = arith.subf %0, %1 : f32
      %two = arith.constant 2.0 : f32
      %3 = math.powf %2, %two : f32
      arch.yield %3 : f32
    }
    arch.yield %v : f32
  }
  return %mean, %y : tensor<8xf32>, tensor<8xf32>
}

// Over other dimensions it stays two sums: a kernel has one row in cache.
// CHECK-LABEL: func.func @leading
// CHECK-NOT: nn.moments
// CHECK: return
func.func @leading(%x: tensor<3x8x2xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %mean = arch.define : tensor<8xf32> {
  ^bb0(%j: index):
    %v = arch.reduce mean [3, 2] : f32 {
    ^bb0(%i: index, %k: index):
      %0 = arch.read %x[%i, %j, %k] : tensor<3x8x2xf32> -> f32
      arch.yield %0 : f32
    }
    arch.yield %v : f32
  }
  %y = arch.define : tensor<8xf32> {
  ^bb0(%j: index):
    %v = arch.reduce mean [3, 2] : f32 {
    ^bb0(%i: index, %k: index):
      %0 = arch.read %x[%i, %j, %k] : tensor<3x8x2xf32> -> f32
      %1 = arch.read %mean[%j] : tensor<8xf32> -> f32
      %2 = arith.subf %0, %1 : f32
      %two = arith.constant 2.0 : f32
      %3 = math.powf %2, %two : f32
      arch.yield %3 : f32
    }
    arch.yield %v : f32
  }
  return %mean, %y : tensor<8xf32>, tensor<8xf32>
}

// The deviation from something else is no variance.
// CHECK-LABEL: func.func @other
// CHECK-NOT: nn.moments
func.func @other(%x: tensor<3x8xf32>, %c: tensor<3xf32>) -> tensor<3xf32> {
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    %v = arch.reduce mean [8] : f32 {
    ^bb0(%j: index):
      %0 = arch.read %x[%i, %j] : tensor<3x8xf32> -> f32
      %1 = arch.read %c[%i] : tensor<3xf32> -> f32
      %2 = arith.subf %0, %1 : f32
      %3 = arith.mulf %2, %2 : f32
      arch.yield %3 : f32
    }
    arch.yield %v : f32
  }
  return %y : tensor<3xf32>
}
