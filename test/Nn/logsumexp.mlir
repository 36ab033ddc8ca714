// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%x: tensor<2x3xf32>) {
  // CHECK: nn.logsumexp %{{.*}} over [1] : tensor<2x3xf32> -> tensor<2xf32>
  %0 = nn.logsumexp %x over [1] : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @outside(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{dimensions must be sorted and inside}}
  %0 = nn.logsumexp %x over [2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{result has type 'tensor<3xf32>', expected shape [2]}}
  %0 = nn.logsumexp %x over [1] : tensor<2x3xf32> -> tensor<3xf32>
  return
}
