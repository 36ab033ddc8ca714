// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%table: tensor<5x3xf32>, %at: tensor<2x4xi32>) -> tensor<2x4x3xf32> {
  // CHECK: nn.gather %{{.*}}[%{{.*}}] : tensor<5x3xf32>, tensor<2x4xi32> -> tensor<2x4x3xf32>
  %0 = nn.gather %table[%at] : tensor<5x3xf32>, tensor<2x4xi32> -> tensor<2x4x3xf32>
  return %0 : tensor<2x4x3xf32>
}

// -----

func.func @shape(%table: tensor<5x3xf32>, %at: tensor<2xi32>) {
  // expected-error @+1 {{result has type 'tensor<3x2xf32>', expected shape [2, 3]}}
  %0 = nn.gather %table[%at] : tensor<5x3xf32>, tensor<2xi32> -> tensor<3x2xf32>
  return
}

// -----

func.func @indices(%table: tensor<5x3xf32>, %at: tensor<2xf32>) {
  // expected-error @+1 {{indices must hold integers, found 'tensor<2xf32>'}}
  %0 = nn.gather %table[%at] : tensor<5x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @scalar(%table: tensor<f32>, %at: tensor<2xi32>) {
  // expected-error @+1 {{table must have a dimension to choose from}}
  %0 = nn.gather %table[%at] : tensor<f32>, tensor<2xi32> -> tensor<2xf32>
  return
}
