// instance, param, state, train, optimize.
// RUN: ogee-opt %s | ogee-opt | FileCheck %s

// CHECK: arch.instance "" of "Net" {
// CHECK-NEXT: arch.param "weight" : tensor<3x2xf32> init <uniform, {{.*}}>
// CHECK-NEXT: arch.state "mean" : tensor<3xf32> init <constant, {{.*}}>
// CHECK-NEXT: arch.instance "up" of "Linear" {
// CHECK-NEXT: arch.param "bias" : tensor<3xf32> init <constant, {{.*}}> {role = "bias"}
arch.instance "" of "Net" {
  arch.param "weight" : tensor<3x2xf32> init <uniform, -1.0, 1.0>
  arch.state "mean" : tensor<3xf32> init <constant, 0.0, 0.0>
  arch.instance "up" of "Linear" {
    arch.param "bias" : tensor<3xf32> init <constant, 0.0, 0.0> {role = "bias"}
  }
}
arch.func @loss() -> tensor<f32> attributes {component = "loss"} {
  %0 = arith.constant dense<0.0> : tensor<f32>
  arch.return %0 : tensor<f32>
}
arch.func @rate() -> f64 attributes {component = "constant"} {
  %0 = arith.constant 0.1 : f64
  arch.return %0 : f64
}
arch.func @SGD(%w: tensor<3x2xf32>, %g: tensor<3x2xf32>) -> tensor<3x2xf32> attributes {component = "SGD"} {
  arch.return %w : tensor<3x2xf32>
}
// CHECK: arch.train "Net" attributes {{.*}}step = @loss
// CHECK-NEXT: arch.optimize "weight" by @SGD at "optimizer.weight" rate @rate
arch.train "Net" attributes {step = @loss, data = {}, batch = 1 : i64, steps = 1 : i64, evaluate_every = 0 : i64, seed = 0 : i64} {
  arch.optimize "weight" by @SGD at "optimizer.weight" rate @rate
}
