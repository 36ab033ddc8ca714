// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%x: tensor<2x3xf32>) {
  // CHECK: nn.argmax %{{.*}} over 0 : tensor<2x3xf32> -> tensor<3xi64>
  %0 = nn.argmax %x over 0 : tensor<2x3xf32> -> tensor<3xi64>
  return
}

// -----

func.func @floats(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{result must hold integers, found 'tensor<3xf32>'}}
  %0 = nn.argmax %x over 0 : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{result has type 'tensor<2xi64>', expected shape [3]}}
  %0 = nn.argmax %x over 0 : tensor<2x3xf32> -> tensor<2xi64>
  return
}
