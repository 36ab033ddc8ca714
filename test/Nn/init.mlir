// RUN: ogee-opt %s | FileCheck %s

// CHECK: #nn.init<normal, 0.000000e+00 : f64, 2.000000e-02 : f64>
// CHECK-SAME: #nn.init<table, 0.000000e+00 : f64, 0.000000e+00 : f64, dense<[0.000000e+00, 1.000000e+00]> : tensor<2xf64>>
func.func private @parameters(
  tensor<4xf32> {nn.init = #nn.init<normal, 0.0, 0.02>},
  tensor<2xf32> {nn.init = #nn.init<table, 0.0, 0.0, dense<[0.0, 1.0]> : tensor<2xf64>>})
