// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @cut
func.func @cut(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK: nn.stop_gradient %{{.*}} : tensor<2x3xf32>
  %0 = nn.stop_gradient %x : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
