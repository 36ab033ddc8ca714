// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%x: tensor<2x3xf32>) {
  // CHECK: nn.softmax %{{.*}} over 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  %0 = nn.softmax %x over 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @outside(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{dimension must be inside}}
  %0 = nn.softmax %x over 2 : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{result must have the type of the input}}
  %0 = nn.softmax %x over 1 : tensor<2x3xf32> -> tensor<2xf32>
  return
}
