// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%init: tensor<5x3xf32>, %at: tensor<4xi64>, %x: tensor<4x3xf32>) -> tensor<5x3xf32> {
  // CHECK: nn.scatter_add %{{.*}}[%{{.*}}], %{{.*}} : tensor<5x3xf32>, tensor<4xi64>, tensor<4x3xf32> -> tensor<5x3xf32>
  %0 = nn.scatter_add %init[%at], %x : tensor<5x3xf32>, tensor<4xi64>, tensor<4x3xf32> -> tensor<5x3xf32>
  return %0 : tensor<5x3xf32>
}

// -----

func.func @updates(%init: tensor<5x3xf32>, %at: tensor<4xi64>, %x: tensor<3x4xf32>) {
  // expected-error @+1 {{updates has type 'tensor<3x4xf32>', expected shape [4, 3]}}
  %0 = nn.scatter_add %init[%at], %x : tensor<5x3xf32>, tensor<4xi64>, tensor<3x4xf32> -> tensor<5x3xf32>
  return
}

// -----

func.func @result(%init: tensor<5x3xf32>, %at: tensor<4xi64>, %x: tensor<4x3xf32>) {
  // expected-error @+1 {{result must have the type of init}}
  %0 = nn.scatter_add %init[%at], %x : tensor<5x3xf32>, tensor<4xi64>, tensor<4x3xf32> -> tensor<6x3xf32>
  return
}
