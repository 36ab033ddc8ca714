// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%x: tensor<2x3x4xf32>) {
  // CHECK: nn.moments %{{.*}} over [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>, tensor<3xf32>
  %mean, %m2 = nn.moments %x over [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>, tensor<3xf32>
  return
}

// -----

func.func @order(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{dimensions must be sorted and inside}}
  %mean, %m2 = nn.moments %x over [1, 0] : tensor<2x3xf32> -> tensor<f32>, tensor<f32>
  return
}

// -----

func.func @shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{m2 has type 'tensor<3xf32>', expected shape [2]}}
  %mean, %m2 = nn.moments %x over [1] : tensor<2x3xf32> -> tensor<2xf32>, tensor<3xf32>
  return
}
