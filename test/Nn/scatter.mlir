// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%init: tensor<5x3xf32>, %at: tensor<4xi64>, %x: tensor<4x3xf32>) -> tensor<5x3xf32> {
  // CHECK: nn.scatter %{{.*}}[%{{.*}}], %{{.*}} : tensor<5x3xf32>, tensor<4xi64>, tensor<4x3xf32> -> tensor<5x3xf32>
  %0 = nn.scatter %init[%at], %x : tensor<5x3xf32>, tensor<4xi64>, tensor<4x3xf32> -> tensor<5x3xf32>
  return %0 : tensor<5x3xf32>
}

// -----

func.func @updates(%init: tensor<5x3xf32>, %at: tensor<4xi64>, %x: tensor<3x4xf32>) {
  // expected-error @+1 {{updates has type 'tensor<3x4xf32>', expected shape [4, 3]}}
  %0 = nn.scatter %init[%at], %x : tensor<5x3xf32>, tensor<4xi64>, tensor<3x4xf32> -> tensor<5x3xf32>
  return
}

// -----

func.func @places(%init: tensor<5x3xf32>, %at: tensor<4xf32>, %x: tensor<4x3xf32>) {
  // expected-error @+1 {{indices must hold integers}}
  %0 = nn.scatter %init[%at], %x : tensor<5x3xf32>, tensor<4xf32>, tensor<4x3xf32> -> tensor<5x3xf32>
  return
}
