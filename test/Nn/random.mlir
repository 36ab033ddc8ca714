// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @draws
func.func @draws(%seed: tensor<i64>, %step: tensor<i64>) {
  // CHECK: nn.random bernoulli(9.000000e-01, 0.000000e+00) "mlp.keep", %{{.*}}, %{{.*}} : tensor<i64>, tensor<i64> -> tensor<4xi1>
  %0 = nn.random bernoulli (0.9, 0.0) "mlp.keep", %seed, %step : tensor<i64>, tensor<i64> -> tensor<4xi1>
  // CHECK: nn.random normal
  %1 = nn.random normal (0.0, 1.0) "noise", %seed, %step : tensor<i64>, tensor<i64> -> tensor<4xf32>
  return
}

// -----

func.func @bool(%seed: tensor<i64>, %step: tensor<i64>) {
  // expected-error @+1 {{bernoulli gives i1, and nothing else does}}
  %0 = nn.random bernoulli (0.9, 0.0) "keep", %seed, %step : tensor<i64>, tensor<i64> -> tensor<4xf32>
  return
}

// -----

func.func @step(%seed: tensor<i64>, %step: tensor<1xi64>) {
  // expected-error @+1 {{step has type 'tensor<1xi64>', expected shape []}}
  %0 = nn.random normal (0.0, 1.0) "noise", %seed, %step : tensor<i64>, tensor<1xi64> -> tensor<4xf32>
  return
}
